"""Tokens: bearer tokens, checked at every request, and what a login needs besides them. All are signed here."""

import base64
import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import jwt

if TYPE_CHECKING:
    from azureml_emulator.server.cloud import Cloud

ALGORITHM = "HS256"
CODE_LIFETIME = 600.0
"""Seconds that a code is good, as with Microsoft Entra ID."""
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


def make_id(cloud: "Cloud", client: str, nonce: str) -> str:
    """A token that tells a client who has logged in, as AD FS writes it: issued by the login service, and no tenant."""
    now = cloud.clock.now()
    claims = {
        "iss": f"{cloud.url}/adfs",
        "aud": client,
        "sub": cloud.settings.client,
        "upn": SUBJECT,
        "name": "Someone",
        "iat": now,
        "exp": now + timedelta(seconds=cloud.settings.timing.token_lifetime),
    }
    return jwt.encode(claims | ({"nonce": nonce} if nonce else {}), cloud.settings.signing_key, ALGORITHM)


def make_code(cloud: "Cloud", asked: dict[str, str]) -> str:
    """What a browser brings back from a login, to be redeemed by the client that asked for it."""
    kept = {name: asked.get(name, "") for name in ("client_id", "redirect_uri", "nonce", "code_challenge")}
    until = cloud.clock.now() + timedelta(seconds=CODE_LIFETIME)
    return jwt.encode({**kept, "use": "code", "exp": until}, cloud.settings.signing_key, ALGORITHM)


def redeem(cloud: "Cloud", form: dict[str, str]) -> dict[str, str]:
    """What a code was given out for; TokenError unless the client that asked for it brings it, in time."""
    try:
        kept: dict[str, str] = jwt.decode(form.get("code", ""), cloud.settings.signing_key, [ALGORITHM])
    except jwt.InvalidTokenError as error:
        raise TokenError("invalid_grant", f"AADSTS70008: The authorization code is no longer good: {error}") from error
    digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
    proof = base64.urlsafe_b64encode(digest).decode().rstrip("=")
    same = all(kept.get(name) == form.get(name, "") for name in ("client_id", "redirect_uri"))
    if kept.get("use") != "code" or not same or kept.get("code_challenge") not in ("", proof):
        raise TokenError("invalid_grant", "AADSTS501481: The code was given out to another client or address.")
    return kept


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
    if claims.get("use"):
        raise TokenError("InvalidAuthenticationToken", f"This is a {claims['use']} of a login, and no access token.")
    if claims.get("exp", 0) < cloud.clock.now().timestamp():
        raise TokenError("ExpiredAuthenticationToken", "The access token expiry UTC time is earlier than now.")
    return claims
