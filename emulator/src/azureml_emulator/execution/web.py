"""Files of datasets at web addresses, as Azure ML takes them: one file for each address, read without a login."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from azureml_emulator.certificates import client_context
from azureml_emulator.dataset.paths import WebPath
from azureml_emulator.engine.contract import StoredFile
from azureml_emulator.places import State

PIECE = 1024 * 1024
"""Bytes that are held in memory at once."""
TIMEOUT = 60.0
"""Seconds that a server may say nothing."""


class Web:
    """Reads from the web; safe to use from many threads. Raises OSError whose text shows no signature of an address."""

    def __init__(self, state: State) -> None:
        # The emulator's own storage has addresses too, so its authority is trusted along with those of this machine.
        self._authorities = state.certificates / "bundle.pem"

    def look(self, place: WebPath) -> StoredFile:
        """What lies at an address, unread; it has another version whenever the server says something else of it."""
        with self._opened(place.url) as answer:
            known = answer.headers.get("etag") or answer.headers.get("last-modified") or ""
            size = int(answer.headers.get("content-length") or 0)
            return StoredFile(path=place.name, size=size, version=f"{known} {size}")

    def fetch(self, url: str, target: Path) -> None:
        """Write what lies at an address to a file, whole or not at all."""
        part = target.with_name(f"{target.name}.part")
        with self._opened(url) as answer, part.open("wb") as stream:
            for chunk in answer.iter_bytes(PIECE):
                stream.write(chunk)
        part.replace(target)

    @contextmanager
    def _opened(self, url: str) -> Iterator[httpx.Response]:
        client = httpx.Client(verify=client_context(self._authorities), timeout=TIMEOUT, follow_redirects=True)
        try:
            with client, client.stream("GET", url) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise FileNotFoundError(f"{without_query(url)} answers {answer.status_code}")
                yield answer
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OSError(f"can't read {without_query(url)}: {type(error).__name__}") from error


def without_query(url: str) -> str:
    """An address as it may be shown: what follows the question mark is often a signature."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
