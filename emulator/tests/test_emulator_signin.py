"""Signing in: metadata of the cloud, tokens, and what happens without one."""

import jwt

from wire_client import Wire


def test_the_one_cloud_is_the_emulator(wire: Wire) -> None:
    (cloud,) = wire.ask("GET", "/metadata/endpoints")
    assert cloud["name"] == "AzureCloud"
    assert cloud["resourceManager"] == f"{wire.azure.url}/"
    assert cloud["authentication"]["loginEndpoint"] == wire.azure.url
    assert cloud["suffixes"]["storage"] == f"@127.0.0.1:{wire.azure.blob_port}"


def test_a_wrong_secret_gets_no_token(wire: Wire) -> None:
    form = {"grant_type": "client_credentials", "client_id": "me", "client_secret": "guess"}
    answer = wire.client.post("/adfs/oauth2/token/", data=form)
    assert answer.status_code == 401
    assert answer.json()["error"] == "invalid_client"


def test_a_token_says_who_and_until_when(wire: Wire) -> None:
    claims = jwt.decode(wire.client.headers["authorization"].split()[1], options={"verify_signature": False})
    assert claims["exp"] > claims["iat"]
    assert claims["tid"]


def test_services_want_a_token_of_ours(wire: Wire) -> None:
    for header in ("", "Bearer nonsense", f"Bearer {jwt.encode({'exp': 9999999999}, 'x' * 32)}"):
        answer = wire.client.get("/subscriptions", headers={"authorization": header})
        assert answer.status_code == 401, header
        assert answer.json()["error"]["code"] in ("AuthenticationFailed", "InvalidAuthenticationToken")


def test_a_device_code_is_confirmed_by_itself(wire: Wire) -> None:
    code = wire.ask("POST", "/adfs/oauth2/devicecode")
    grant = "urn:ietf:params:oauth:grant-type:device_code"
    answer = wire.client.post("/adfs/oauth2/token", data={"grant_type": grant, "device_code": code["device_code"]})
    assert answer.json()["refresh_token"]


def test_what_is_not_there_is_named(wire: Wire) -> None:
    answer = wire.client.get(wire.service("nothing", "/here"))
    assert answer.status_code == 404
    assert "The emulator has no GET /nothing/v1.0/" in answer.json()["error"]["message"]
