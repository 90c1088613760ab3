"""Signing in, consenting, codes and tokens (docs/conta-azul-api.md §1, §6)."""

import re
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from integration.sandbox.office import Office

from conta_azul_sandbox.testing import RunningSandbox

REDIRECT = "http://localhost:8000/connections/callback"
PASSWORD = "sandbox"
SCOPE = "openid profile aws.cognito.signin.user.admin"
ASKED = {
    "response_type": "code",
    "client_id": "alcada-demo",
    "redirect_uri": REDIRECT,
    "state": "s1",
    "scope": SCOPE,
}


def exchange(sandbox: RunningSandbox, code: str, redirect: str = REDIRECT, **client: str) -> tuple[int, Any]:
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect}
    return sandbox.token_request(form, **client)


def refresh(sandbox: RunningSandbox, token: str, **client: str) -> tuple[int, Any]:
    return sandbox.token_request({"grant_type": "refresh_token", "refresh_token": token}, **client)


class Visitor:
    """A person at a browser, who fills in whatever form the page shows."""

    def __init__(self, url: str, asked: dict[str, str] = ASKED, path: str = "/oauth2/authorize") -> None:
        self.http = httpx.Client(base_url=url)
        self.page = self.http.get(f"{path}?{urlencode(asked)}")

    def submit(self, **filled: str) -> httpx.Response:
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', self.page.text))
        self.page = self.http.post("/login", data={**hidden, **filled})
        return self.page

    def sign_in(self, email: str = "contador@sandbox.example", password: str = PASSWORD) -> httpx.Response:
        return self.submit(email=email, password=password)

    def landed(self) -> dict[str, str]:
        """The query of the address that the browser is sent to."""
        assert self.page.status_code == 302
        return {
            name: values[0]
            for name, values in parse_qs(urlsplit(self.page.headers["location"]).query).items()
        }

    def __del__(self) -> None:
        self.http.close()


@pytest.mark.parametrize("path", ["/oauth2/authorize", "/login"])
def test_sign_in_choose_a_company_consent(office: Office, path: str) -> None:
    visitor = Visitor(office.sandbox.url, path=path)
    assert "não é a Conta Azul" in visitor.page.text
    consent = visitor.sign_in()
    assert all(company["name"] in consent.text for company in office.companies)
    visitor.submit(company=office.companies[1]["id"], answer="allow")
    landed = visitor.landed()
    assert landed["state"] == "s1"
    status, tokens = exchange(office.sandbox, landed["code"])
    assert (status, tokens["expires_in"], tokens["token_type"]) == (200, 3600, "Bearer")
    connected = office.sandbox.api("GET", "/v1/pessoas/conta-conectada", tokens["access_token"])[1]
    assert connected["id_empresa"] == office.companies[1]["id"]


def test_an_owner_sees_only_their_company(office: Office) -> None:
    consent = Visitor(office.sandbox.url).sign_in(office.company["user"]["email"])
    assert office.companies[0]["name"] in consent.text
    assert office.companies[1]["name"] not in consent.text


def test_a_wrong_password_and_a_refused_consent(office: Office) -> None:
    visitor = Visitor(office.sandbox.url)
    assert "incorretos" in visitor.sign_in(password="errada").text
    visitor.sign_in()
    visitor.submit(company=office.id, answer="deny")
    assert visitor.landed() == {"error": "access_denied", "state": "s1"}


def test_consent_cannot_be_given_for_a_company_that_is_not_theirs(office: Office) -> None:
    visitor = Visitor(office.sandbox.url)
    visitor.sign_in(office.company["user"]["email"])
    assert "Escolha uma empresa" in visitor.submit(company=office.companies[1]["id"], answer="allow").text


@pytest.mark.parametrize(
    "address", [f"{REDIRECT}/", "https://localhost:8000/connections/callback", "http://evil"]
)
def test_a_redirect_address_must_match_exactly(office: Office, address: str) -> None:
    visitor = Visitor(office.sandbox.url, {**ASKED, "redirect_uri": address})
    assert visitor.page.headers["location"] == "/error?error=redirect_mismatch"
    assert visitor.http.get("/error?error=redirect_mismatch").status_code == 400


def test_a_plus_sign_between_scopes_is_one_unknown_scope(office: Office) -> None:
    visitor = Visitor(office.sandbox.url, {**ASKED, "scope": SCOPE.replace(" ", "+")})
    assert visitor.landed() == {"error": "invalid_scope", "state": "s1"}


def test_only_the_demo_may_have_an_http_address(office: Office) -> None:
    with pytest.raises(ValueError, match="https"):
        office.sandbox.application("other", "secret", ["http://localhost:9000/callback"])
    office.sandbox.application("other", "secret", ["https://app.example/callback"])
    code = office.sandbox.codes(office.id, "other")["code"]
    client = {"client_id": "other", "client_secret": "secret"}
    assert exchange(office.sandbox, code, "https://app.example/callback", **client)[0] == 200


def test_a_code_is_good_once(office: Office) -> None:
    code = office.sandbox.codes(office.id)["code"]
    assert exchange(office.sandbox, code)[0] == 200
    status, answer = exchange(office.sandbox, code)
    assert (status, answer["error"]) == (400, "invalid_grant")


def test_a_code_is_good_for_three_minutes(office: Office) -> None:
    late, in_time = office.sandbox.codes(office.id)["code"], office.sandbox.codes(office.id)["code"]
    office.sandbox.clock(178)
    assert exchange(office.sandbox, in_time)[0] == 200
    office.sandbox.clock(3)
    assert exchange(office.sandbox, late)[1]["error"] == "invalid_grant"


def test_a_code_is_bound_to_its_address_and_application(office: Office) -> None:
    office.sandbox.application("other", "secret", ["https://app.example/callback"])
    code = office.sandbox.codes(office.id)["code"]
    assert exchange(office.sandbox, code, "http://127.0.0.1:8000/connections/callback")[0] == 400
    assert exchange(office.sandbox, code, client_id="other", client_secret="secret")[0] == 400
    assert exchange(office.sandbox, code, client_secret="wrong")[1]["error"] == "invalid_client"


def test_refreshing_rotates_and_the_old_token_is_spent(office: Office) -> None:
    first = office.sandbox.tokens(office.id)
    status, second = refresh(office.sandbox, first["refresh_token"])
    assert status == 200
    assert second["refresh_token"] != first["refresh_token"]
    assert refresh(office.sandbox, first["refresh_token"])[1]["error"] == "invalid_grant"
    # Assumed: replaying the old one does no harm to the new one.
    assert refresh(office.sandbox, second["refresh_token"])[0] == 200


def test_invalid_grant_may_be_a_401(office: Office) -> None:
    office.sandbox.settings(invalid_grant_status=401)
    assert refresh(office.sandbox, "nonsense")[0] == 401


def test_an_access_token_expires(office: Office) -> None:
    office.sandbox.clock(3601)
    status, answer = office.call("GET", "/v1/pessoas/conta-conectada")
    assert (status, answer) == (401, {"code": 401, "message": "The Token has expired."})


def test_a_portal_accounts_tokens_are_refused(office: Office) -> None:
    visitor = Visitor(office.sandbox.url)
    visitor.sign_in("portal@sandbox.example")
    visitor.submit(company=office.id, answer="allow")
    token = exchange(office.sandbox, visitor.landed()["code"])[1]["access_token"]
    status, answer = office.sandbox.api("GET", "/v1/pessoas/conta-conectada", token)
    assert status == 401
    assert "utilize o usuário e senha do ERP" in answer["message"]


def test_token_requests_that_make_no_sense(office: Office) -> None:
    assert (
        office.sandbox.token_request({"grant_type": "client_credentials"})[1]["error"]
        == "unsupported_grant_type"
    )
    assert office.sandbox.token_request({"grant_type": "refresh_token"})[1]["error"] == "invalid_request"
    assert office.sandbox.api("POST", "/oauth2/token", "x", {})[1]["error"] == "invalid_request"
