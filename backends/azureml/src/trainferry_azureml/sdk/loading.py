"""Importing azureml-core without its noise, and with the settings that it reads only once, at import.

- Its print-outs go to our log, so that `--json` stays JSON.
- The waits between its retries are short: by default it waits 32 s after one 429, and a submit makes a dozen requests.
- A list of clouds of one's own is cached for ever in `~/.azure/cloudEndpoints.json`, and an old answer was used after
  the service had changed; so it gets a folder of its own for that file, one for each list and process.
- A logger of its own would print each retry and each deprecation.
"""

import contextlib
import hashlib
import io
import logging
import os
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

from trainferry_azureml.cloud import METADATA_VARIABLE

_LOG = logging.getLogger(__name__)
_LOCK = threading.RLock()
_RETRIES = {
    "AZUREML_DEFAULT_BACKOFF": "1",
    "AZUREML_DEFAULT_500_BACKOFF": "1",
    "AZUREML_DEFAULT_503_BACKOFF": "1",
    "AZUREML_DEFAULT_RETRIES": "5",
}
"""Read by azureml._restclient.clientbase when it is imported: seconds to wait, doubled each time, and how often."""
_HOME = "AZURE_CONFIG_DIR"


@contextlib.contextmanager
def quiet(cache: Path) -> Iterator[None]:
    """While it lasts, azureml-core may be imported and used: it prints nothing, and warns nobody.

    `cache` is the folder for its list of clouds. One act at a time: what it changes holds for the whole process.
    """
    with _LOCK, _variables(cache), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        logging.getLogger("azureml").setLevel(logging.CRITICAL)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                yield
        finally:
            if said.getvalue().strip():
                _LOG.info("azureml-core said: %s", said.getvalue().strip())


@contextlib.contextmanager
def _variables(cache: Path) -> Iterator[None]:
    for name, value in _RETRIES.items():
        os.environ.setdefault(name, value)
    before = os.environ.get(_HOME)
    address = os.environ.get(METADATA_VARIABLE)
    if address:
        name = hashlib.sha256(address.encode()).hexdigest()[:16]
        folder = cache / "azureml" / "clouds" / f"{name}-{os.getpid()}"
        folder.mkdir(parents=True, exist_ok=True)
        os.environ[_HOME] = str(folder)
    try:
        yield
    finally:
        if address:
            if before is None:
                os.environ.pop(_HOME, None)
            else:
                os.environ[_HOME] = before
