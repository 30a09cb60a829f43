"""Bearer tokens: signed here, checked at every request."""

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from azureml_emulator.server.cloud import Cloud

ALGORITHM = "HS256"
SUBJECT = "someone@emulated.invalid"


class TokenError(Exception):
    """A token that isn't good; `code` is what Azure says."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def make(cloud: "Cloud", audience: str, lifetime: float | None = None) -> str:
    """A token for an audience, good for `lifetime` seconds of the services' clock, or for what the settings say."""
    now = cloud.clock.now()
    seconds = cloud.settings.timing.token_lifetime if lifetime is None else lifetime
    claims = {
        "aud": audience,
        "iss": f"https://sts.windows.net/{cloud.settings.tenant}/",
        "tid": cloud.settings.tenant,
        "oid": cloud.settings.client,
        "appid": cloud.settings.client,
        "sub": cloud.settings.client,
        "upn": SUBJECT,
        "name": "Someone",
        "iat": now,
        "nbf": now - timedelta(minutes=5),
        "exp": now + timedelta(seconds=seconds),
        "ver": "1.0",
    }
    return jwt.encode(claims, cloud.settings.signing_key, ALGORITHM)


def check(authorization: str, cloud: "Cloud") -> dict[str, Any]:
    """The claims of a header's token; TokenError if it isn't ours or no longer good by the services' clock."""
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token:
        raise TokenError("AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")
    try:
        claims: dict[str, Any] = jwt.decode(
            token,
            cloud.settings.signing_key,
            [ALGORITHM],
            # Times are held against the services' clock, below, and not against the machine's.
            {"verify_aud": False, "verify_exp": False, "verify_nbf": False, "verify_iat": False},
        )
    except jwt.InvalidTokenError as error:
        raise TokenError("InvalidAuthenticationToken", f"The access token is invalid: {error}") from error
    if claims.get("exp", 0) < cloud.clock.now().timestamp():
        raise TokenError("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now.")
    return claims
