"""Remembering an interactive login, so that a person is asked once and not at every command.

What is kept is azure-identity's own cache, encrypted where the system has a keyring, and beside it the record of who
logged in, which holds no secret. Deleting both logs out.
"""

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable

    from azure.core.credentials import AccessToken, TokenCredential

    from trainferry.site import Site
    from trainferry_azureml.cloud import Cloud
    from trainferry_azureml.settings import AzureMLSettings

CACHE_NAME = "trainferry-azureml"


def remembering(
    make: "Callable[..., Any]", settings: "AzureMLSettings", site: "Site", cloud: "Cloud"
) -> "TokenCredential":
    """A credential that asks only if the remembered login no longer holds; `make` takes azure-identity's options."""
    from azure.identity import AuthenticationRecord, TokenCachePersistenceOptions

    # By the login service: a record holds for the one that made it, and a private cloud may bear a public one's name.
    host = urlsplit(cloud.login).netloc.replace(":", "-")
    record_file = site.backend_home("azureml") / f"login-{host}.json"
    options = TokenCachePersistenceOptions(name=CACHE_NAME, allow_unencrypted_storage=True)
    record = None
    try:
        record = AuthenticationRecord.deserialize(record_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        record = None  # nobody has logged in yet, or the file is none of ours: ask again
    if record is None:
        where: dict[str, Any] = {"authority": cloud.login, "tenant_id": settings.tenant or "organizations"}
    else:  # it tells the authority, and the tenant too unless the settings name one
        where = {"authentication_record": record} | ({"tenant_id": settings.tenant} if settings.tenant else {})
    credential = make(cache_persistence_options=options, **where)
    return _Remembered(credential, record is not None, record_file)


class _Remembered:
    """Writes down who logged in, the first time that somebody does."""

    def __init__(self, credential: Any, known: bool, record_file: Any) -> None:  # noqa: FBT001  (private, two callers)
        self._credential = credential
        self._known = known
        self._file = record_file

    def get_token(self, *scopes: str, **options: Any) -> "AccessToken":
        """A token; the first one may ask the person at the terminal."""
        if not self._known:
            record = self._credential.authenticate(scopes=list(scopes))
            self._file.parent.mkdir(parents=True, exist_ok=True)
            half = self._file.with_suffix(".part")
            half.touch(mode=0o600)
            half.write_text(record.serialize(), encoding="utf-8")
            half.replace(self._file)
            self._known = True
        token: AccessToken = self._credential.get_token(*scopes, **options)
        return token
