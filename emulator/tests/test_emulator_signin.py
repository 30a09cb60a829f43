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
    form = {"grant_type": grant, "device_code": code["device_code"], "client_id": "a-client"}
    answer = wire.client.post("/adfs/oauth2/token", data=form).json()
    assert answer["refresh_token"]
    claims = jwt.decode(answer["id_token"], options={"verify_signature": False})
    issuer = wire.ask("GET", "/adfs/.well-known/openid-configuration")["issuer"]
    assert (claims["iss"], claims["aud"]) == (issuer, "a-client")


def test_a_browser_brings_a_code_that_its_client_alone_can_redeem(wire: Wire) -> None:
    back = "http://localhost:8400"
    asked = {"client_id": "a", "redirect_uri": back, "response_type": "code", "state": "s&<", "nonce": "n"}
    page = wire.client.get("/adfs/oauth2/authorize/", params={**asked, "response_mode": "form_post"})
    assert f'action="{back}"' in page.text
    assert 'value="s&amp;&lt;"' in page.text
    code = page.text.partition('name="code" value="')[2].partition('"')[0]
    form = {"grant_type": "authorization_code", "code": code, "client_id": "a", "redirect_uri": back}
    refused = wire.client.post("/adfs/oauth2/token", data=form | {"client_id": "b"})
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_grant")
    answer = wire.client.post("/adfs/oauth2/token", data=form).json()
    assert jwt.decode(answer["id_token"], options={"verify_signature": False})["nonce"] == "n"
    assert wire.client.get("/subscriptions", headers={"authorization": f"Bearer {code}"}).status_code == 401
    elsewhere = asked | {"redirect_uri": "https://example.com"}
    assert wire.client.get("/adfs/oauth2/authorize/", params=elsewhere).status_code == 400
    plain = wire.client.get("/adfs/oauth2/authorize/", params=asked)
    assert (plain.status_code, plain.headers["location"].startswith(f"{back}?code=")) == (302, True)


def test_what_is_not_there_is_named(wire: Wire) -> None:
    answer = wire.client.get(wire.service("nothing", "/here"))
    assert answer.status_code == 404
    assert "The emulator has no GET /nothing/v1.0/" in answer.json()["error"]["message"]
