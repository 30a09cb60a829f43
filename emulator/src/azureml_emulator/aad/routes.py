"""The wire of signing in: cloud metadata, and the token endpoint for service principals and users."""

from html import escape
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute

from azureml_emulator.aad.tokens import TokenError, make, make_code, make_id, redeem
from azureml_emulator.server.errors import ServiceError, user_error
from azureml_emulator.server.wire import Call, created, route

NOWHERE = "emulated.invalid"
"""A name that no resolver knows: a service that isn't here fails at once, instead of reaching the real one."""


def metadata(call: Call) -> list[dict[str, Any]]:
    """The list of clouds: one, under the name of the public one, so that clients take it without being told."""
    url = call.cloud.url
    return [
        {
            "name": "AzureCloud",
            "portal": f"https://portal.{NOWHERE}",
            "resourceManager": f"{url}/",
            "gallery": f"https://gallery.{NOWHERE}/",
            "graph": f"https://graph.{NOWHERE}/",
            "graphAudience": f"https://graph.{NOWHERE}/",
            "microsoftGraphResourceId": f"https://graph.{NOWHERE}/",
            "sqlManagement": f"https://sql.{NOWHERE}/",
            "batch": f"https://batch.{NOWHERE}/",
            "media": f"https://media.{NOWHERE}/",
            "vmImageAliasDoc": f"https://images.{NOWHERE}/",
            "activeDirectoryDataLake": f"https://lake.{NOWHERE}/",
            "authentication": {
                "loginEndpoint": url,
                "audiences": [f"{url}/"],
                "tenant": "adfs",
                "identityProvider": "ADFS",
            },
            "suffixes": {
                "storage": call.cloud.blobs.endpoint,
                "keyVaultDns": f"vault.{NOWHERE}",
                "sqlServerHostname": f"sql.{NOWHERE}",
                "acrLoginServer": f"azurecr.{NOWHERE}",
                "azureDataLakeStoreFileSystem": f"lakestore.{NOWHERE}",
                "azureDataLakeAnalyticsCatalogAndJob": f"lakeanalytics.{NOWHERE}",
            },
        }
    ]


def openid(call: Call) -> dict[str, Any]:
    """Where to get tokens."""
    root = f"{call.cloud.url}/adfs"
    return {
        "issuer": root,
        "authorization_endpoint": f"{root}/oauth2/authorize/",
        "token_endpoint": f"{root}/oauth2/token/",
        "device_authorization_endpoint": f"{root}/oauth2/devicecode",
        "jwks_uri": f"{root}/discovery/keys",
        "response_types_supported": ["code"],
        "subject_types_supported": ["pairwise"],
        "id_token_signing_alg_values_supported": ["RS256"],
    }


def token(call: Call) -> Any:
    """A token for a service principal whose secret is right, for a refresh token, a device code or a browser's code."""
    form = {name: values[0] for name, values in parse_qs(call.content.decode("utf-8")).items()}
    settings = call.cloud.settings
    grant, nonce = form.get("grant_type", ""), ""
    if grant == "client_credentials":
        right = form.get("client_id") == settings.client and form.get("client_secret") == settings.client_secret
        if not right:
            return created({"error": "invalid_client", "error_description": _REFUSAL}, 401)
    elif grant == "authorization_code":
        try:
            nonce = redeem(call.cloud, form)["nonce"]
        except TokenError as error:
            return created({"error": error.code, "error_description": str(error)}, 400)
    elif grant not in ("refresh_token", "password", _DEVICE_GRANT, "device_code"):
        return created({"error": "unsupported_grant_type", "error_description": f"no grant '{grant}' here"}, 400)
    audience = form.get("resource") or form.get("scope", "").replace("/.default", "").split(" ")[0]
    lifetime = int(settings.timing.token_lifetime)
    answer = {
        "token_type": "Bearer",
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": make(call.cloud, audience or f"{call.cloud.url}/"),
    }
    if grant != "client_credentials":
        identity = make_id(call.cloud, form.get("client_id", settings.client), nonce)
        answer |= {"refresh_token": make(call.cloud, "refresh"), "id_token": identity}
    return answer


_DEVICE_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_REFUSAL = "AADSTS7000215: Invalid client secret provided, or no application with this identifier."


def device_code(call: Call) -> dict[str, Any]:
    """A device code; it is as good as confirmed."""
    url = f"{call.cloud.url}/adfs/device"
    message = f"To sign in, open {url} and enter the code EMULATED. (Nobody has to: the emulator has confirmed it.)"
    code = {"user_code": "EMULATED", "device_code": "emulated", "verification_uri": url}
    return {**code, "expires_in": 900, "interval": 1, "message": message}


def authorize(call: Call) -> Response:
    """The login page of a browser: it asks nobody, and brings its code to the client that waits for it."""
    asked = call.query
    target = urlsplit(asked.get("redirect_uri", ""))
    if target.scheme != "http" or target.hostname not in ("localhost", "127.0.0.1"):
        raise user_error(f"AADSTS50011: The redirect URI '{asked.get('redirect_uri')}' is none of this machine.")
    if asked.get("response_type") != "code":
        raise user_error(f"AADSTS700056: response_type '{asked.get('response_type')}' is not supported; 'code' is.")
    answer = {"code": make_code(call.cloud, asked), "state": asked.get("state", "")}
    if asked.get("response_mode") != "form_post":
        return RedirectResponse(f"{target.geturl()}?{urlencode(answer)}", 302)
    fields = "".join(f'<input type="hidden" name="{name}" value="{escape(value)}">' for name, value in answer.items())
    return HTMLResponse(_PAGE.format(target=escape(target.geturl()), fields=fields))


_PAGE = """<!doctype html>
<title>Emulated login</title>
<body onload="document.forms[0].submit()">
<form method="post" action="{target}">{fields}<button>Log in as someone</button></form>
"""


def refused(call: Call) -> Any:
    """Anything else below the login endpoint."""
    raise ServiceError(404, "NotFound", f"the emulator has no {call.path}")


ROUTES: list[BaseRoute] = [
    route("GET", "/metadata/endpoints", metadata),
    route("GET", "/adfs/.well-known/openid-configuration", openid),
    route("GET", "/adfs/oauth2/authorize", authorize),
    route("GET", "/adfs/oauth2/authorize/", authorize),
    route("POST", "/adfs/oauth2/token", token),
    route("POST", "/adfs/oauth2/token/", token),
    route("POST", "/adfs/oauth2/v2.0/token", token),
    route("POST", "/adfs/oauth2/devicecode", device_code),
    route("GET POST", "/adfs/{rest:path}", refused),
]
