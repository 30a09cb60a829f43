"""A running Azurite for tests: access to its containers, what lies in them, and faults on demand."""

import http.client
import json
import secrets
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

from trainferry_azureml.data.access import AccountKey, ContainerAccess, Sas
from trainferry_azureml.data.container import Container
from trainferry_azureml.data.patience import Patience

ACCOUNT = "ferrytests"
KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
HASTY = Patience(seconds=10, first_wait=0.01, longest_wait=0.1, timeout=5)
"""Enough tries for a fifth of all requests to fail, and no test that waits long."""


@dataclass
class Storage:
    """A running Azurite."""

    port: int
    secret: str
    authority: Path

    def access(self, container: str) -> ContainerAccess:
        """Access to a container by the key of the account."""
        url = f"https://127.0.0.1:{self.port}/{ACCOUNT}/{container}"
        return ContainerAccess(url, AccountKey(ACCOUNT, KEY))

    def signed(self, container: str, blob: str | None = None, permissions: str = "rwl") -> ContainerAccess:
        """Access by a signature for a container; with a blob, `url?token` opens just that one."""
        from azureml_emulator.storage.sas import service_sas

        token = service_sas(ACCOUNT, KEY, container, blob, permissions, datetime.now(UTC))
        return ContainerAccess(self.access(container).url, Sas(token))

    def url(self, container: str, blob: str) -> str:
        """An address that opens one blob by itself."""
        access = self.signed(container, blob, "r")
        token = access.credential.token if isinstance(access.credential, Sas) else ""
        return f"{access.url}/{quote(blob)}?{token}"

    def faults(self, *rules: dict[str, Any]) -> list[dict[str, int]]:
        """Replace the rules of what goes wrong; how often each was met before this."""
        whole: dict[str, Any] = {
            "methods": [],
            "expression": ".",
            "count": None,
            "after": 0,
            "probability": 1.0,
            "seed": 7,
        }
        sent = [{"id": f"{number}-{secrets.token_hex(4)}", **whole, **rule} for number, rule in enumerate(rules)]
        return self._control("PUT", json.dumps(sent))

    def counts(self) -> list[dict[str, int]]:
        """For each rule, how many requests it has `seen` and `struck`."""
        return self._control("GET", None)

    def _control(self, method: str, body: str | None) -> list[dict[str, int]]:
        context = ssl.create_default_context(cafile=str(self.authority))
        connection = http.client.HTTPSConnection("127.0.0.1", self.port, context=context, timeout=10)
        connection.request(method, "/emulator/faults", body, {"x-emulator-secret": self.secret})
        answer: list[dict[str, int]] = json.loads(connection.getresponse().read())
        connection.close()
        return answer


def make_container(access: ContainerAccess) -> None:
    """Create the container of an access."""
    with Container(access, HASTY) as container:
        answer = container.request("PUT", "", {"restype": "container"}, {}, b"", "create the container")
        assert answer.status == 201, answer


def content(access: ContainerAccess, prefix: str) -> dict[str, bytes]:
    """Every blob below a prefix, read back."""
    with Container(access, HASTY) as container:
        names = [blob.name for blob in container.list(prefix + "/", "list")]
        return {
            name.removeprefix(prefix + "/"): container.request("GET", name, {}, {}, b"", "read").body for name in names
        }
