"""A client of the admin endpoint."""

from typing import Any

import httpx

from azureml_emulator.certificates import client_context
from azureml_emulator.places import State

TIMEOUT = 30.0


class AdminError(Exception):
    """The emulator refused; the message says why."""


class Admin:
    """Asks a running emulator for faults, and what clients asked of it."""

    def __init__(self, url: str, state: State, secret: str) -> None:
        self._client = httpx.Client(
            base_url=url,
            verify=client_context(state.certificates / "ca.pem"),
            headers={"x-emulator-secret": secret},
            timeout=TIMEOUT,
            trust_env=False,
        )

    def _ask(self, method: str, path: str, **arguments: Any) -> Any:
        try:
            answer = self._client.request(method, path, **arguments)
        except httpx.HTTPError as error:
            raise AdminError(f"the emulator doesn't answer: {type(error).__name__}: {error}") from error
        if answer.is_error:
            raise AdminError(answer.json()["error"]["message"])
        return answer.json() if answer.content else None

    def health(self) -> dict[str, Any]:
        """Where the emulator is; AdminError if it doesn't answer."""
        found: dict[str, Any] = self._ask("GET", "/emulator/health")
        return found

    def add_fault(self, kind: str, **conditions: Any) -> str:
        """Let something go wrong; returns the rule's id. The conditions are those of `faults.rules.Rule`.

        `add_fault("throttle", service="history", probability=0.2, seed=7, seconds=1)` answers 429 to a fifth of the
        requests to run history, the same ones each time.
        """
        return str(self._ask("POST", "/emulator/faults", json={"kind": kind, **conditions})["id"])

    def faults(self) -> list[dict[str, Any]]:
        """The rules in force, with how often each struck."""
        found: list[dict[str, Any]] = self._ask("GET", "/emulator/faults")["value"]
        return found

    def remove_fault(self, identifier: str) -> None:
        """Take a rule back."""
        self._ask("DELETE", f"/emulator/faults/{identifier}")

    def clear_faults(self) -> None:
        """Take all rules back."""
        self._ask("DELETE", "/emulator/faults")

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        """Requests to the services (not to blob storage) since number `since`: service, method, path, status."""
        found: list[dict[str, Any]] = self._ask("GET", "/emulator/requests", params={"since": since})["value"]
        return found

    def count(self) -> int:
        """How many requests there were: the `since` for what follows."""
        return int(self._ask("GET", "/emulator/requests", params={"since": 1 << 50})["next"])

    def blob_requests(self, since: int = 0) -> list[dict[str, Any]]:
        """Requests of clients to blob storage since number `since`: method, path, status (0 if cut off)."""
        found: list[dict[str, Any]] = self._ask("GET", "/emulator/requests/blob", params={"since": since})["value"]
        return found

    def blob_count(self) -> int:
        """How many of these there were: the `since` for what follows."""
        return int(self._ask("GET", "/emulator/requests/blob", params={"since": 1 << 50})["next"])

    def lose_node(self, compute: str, *, preempted: bool = False) -> None:
        """Let a node of a compute target die now, or be taken back."""
        body = {"compute": compute, "kind": "preemption" if preempted else "node_lost"}
        self._ask("POST", "/emulator/nodes/lose", json=body)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()
