"""The pages: sign-in and consent (docs/conta-azul-api.md §1.1), and the books."""

import hmac
import re
import secrets
from html import escape
from urllib.parse import parse_qs, urlencode

from aiohttp import web

from conta_azul_sandbox.model import User
from conta_azul_sandbox.tokens import Grant
from conta_azul_sandbox.web import books
from conta_azul_sandbox.web.layout import page
from conta_azul_sandbox.world import World

SCOPE = {"openid", "profile", "aws.cognito.signin.user.admin"}
# What the sign-in form carries along, hidden.
ASKED = ("response_type", "client_id", "redirect_uri", "scope", "state")
AUTHORIZE_PATHS = ("/oauth2/authorize", "/login")  # both are documented
Form = dict[str, str]


class Browser:
    def __init__(self, world: World) -> None:
        self.world = world

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        path, method = request.path, request.method
        if path in AUTHORIZE_PATHS and method == "GET":
            return self._authorize(_first_values(request.query_string))
        if path in AUTHORIZE_PATHS and method == "POST":
            return self._answer_form(_first_values((await request.read()).decode("utf-8", "replace")))
        if method not in ("GET", "HEAD"):
            return page("Não encontrada", "<h1>Página não encontrada</h1>", status=404)
        if path == "/error":
            return _error_page(request.query.get("error", ""))
        if path == "/":
            return books.home(self.world)
        if found := re.fullmatch(r"/books/([\w-]+)", path):
            return books.books(self.world, found[1])
        return page("Não encontrada", "<h1>Página não encontrada</h1>", status=404)

    def _authorize(self, asked: Form) -> web.Response:
        return self._refusal(asked) or _sign_in(asked)

    def _refusal(self, asked: Form) -> web.Response | None:
        """A wrong address never gets a redirect (§1.1). Assumed: other faults go back to the application."""
        application = self.world.applications.get(asked.get("client_id", ""))
        if application is None:
            return _redirect("/error", error="invalid_client")
        if asked.get("redirect_uri") not in application.redirect_uris:
            return _redirect("/error", error="redirect_mismatch")
        if asked.get("response_type") != "code":
            return self._back(asked, error="unsupported_response_type")
        if not self._scope_is_right(asked.get("scope", "")):
            return self._back(asked, error="invalid_scope")
        return None

    def _scope_is_right(self, scope: str) -> bool:
        """A literal plus sign between scopes makes one unknown scope of them (§1.1)."""
        wanted = set(scope.split(" "))
        return wanted == SCOPE if self.world.settings.strict else bool(scope) and wanted <= SCOPE | {"email"}

    def _answer_form(self, form: Form) -> web.Response:
        refusal = self._refusal(form)
        if refusal:
            return refusal
        if "signed_in" not in form:
            return self._signed_in(form)
        user = self.world.users.get(self.world.signed_in.get(form["signed_in"], ""))
        if user is None:
            return _sign_in(form, "Sua sessão terminou. Entre novamente.")
        if form.get("answer") != "allow":
            return self._back(form, error="access_denied")
        if form.get("company") not in user.companies:
            return self._consent(form, user, form["signed_in"], "Escolha uma empresa.")
        del self.world.signed_in[form["signed_in"]]
        return self._back(form, code=self._code(form, user))

    def _signed_in(self, form: Form) -> web.Response:
        user = self.world.users.get(form.get("email", "").strip().lower())
        given = form.get("password", "")
        if user is None or not hmac.compare_digest(user.password.encode(), given.encode()):
            return _sign_in(form, "E-mail ou senha incorretos.")
        ticket = secrets.token_urlsafe(16)
        self.world.signed_in[ticket] = user.email
        return self._consent(form, user, ticket)

    def _consent(self, form: Form, user: User, ticket: str, complaint: str = "") -> web.Response:
        choices = "".join(self._choice(company_id, len(user.companies) == 1) for company_id in user.companies)
        name = escape(form["client_id"])
        return page(
            "Autorizar acesso",
            f'<form class="card narrow" method="post" action="/login">{_hidden(form)}'
            f'<input type="hidden" name="signed_in" value="{ticket}"><h1>Autorizar acesso</h1>'
            f"<p>O aplicativo <b>{name}</b> quer ler e lançar no financeiro da empresa que você escolher.</p>"
            f"{_complaint(complaint)}<fieldset style='border:0;padding:0;margin:0'>"
            f'<legend class="soft">Empresa</legend>{choices}</fieldset>'
            '<button name="answer" value="allow">Autorizar</button>'
            '<button class="plain" name="answer" value="deny">Recusar</button></form>',
        )

    def _choice(self, company_id: str, chosen: bool) -> str:
        company = self.world.companies[company_id]
        checked = " checked" if chosen else ""
        return (
            f'<label class="choice"><input type="radio" name="company" value="{escape(company_id)}"{checked}>'
            f"<span>{escape(company.legal_name)}<br>"
            f"<small class='soft'>{escape(company.trade_name)}</small></span></label>"
        )

    def _code(self, form: Form, user: User) -> str:
        world = self.world
        expires_at = world.clock.now() + world.settings.code_seconds
        grant = Grant(
            form["company"], form["client_id"], user.email, expires_at, form["redirect_uri"], user.portal
        )
        world.changed = True
        return world.tokens.new_code(grant)

    def _back(self, form: Form, **answer: str) -> web.Response:
        """To the application. Its address was checked before."""
        if "state" in form:
            answer["state"] = form["state"]
        return _redirect(form["redirect_uri"], **answer)


def _sign_in(asked: Form, complaint: str = "") -> web.Response:
    email = escape(asked.get("email", ""))
    return page(
        "Entrar",
        f'<form class="card narrow" method="post" action="/login">{_hidden(asked)}<h1>Entrar</h1>'
        '<p class="soft">Use um usuário do ERP de teste, como <b>contador@sandbox.example</b> '
        "com a senha <b>sandbox</b>.</p>"
        f"{_complaint(complaint)}"
        '<label for="email">E-mail</label>'
        f'<input id="email" type="email" name="email" value="{email}" required autofocus '
        'autocomplete="username">'
        '<label for="password">Senha</label><input id="password" type="password" name="password" required '
        'autocomplete="current-password"><button>Entrar</button></form>',
    )


def _error_page(error: str) -> web.Response:
    texts = {
        "redirect_mismatch": "O endereço de retorno não é um dos cadastrados para o aplicativo.",
        "invalid_client": "O aplicativo não está cadastrado.",
    }
    text = texts.get(error, "O pedido de autorização não é válido.")
    content = f"<h1>Não foi possível entrar</h1><p>{text}</p><code>{escape(error)}</code>"
    return page("Erro", f'<div class="card narrow">{content}</div>', status=400)


def _hidden(form: Form) -> str:
    return "".join(
        f'<input type="hidden" name="{name}" value="{escape(form[name])}">' for name in ASKED if name in form
    )


def _complaint(text: str) -> str:
    return f'<p class="error" role="alert">{escape(text)}</p>' if text else ""


def _redirect(address: str, **query: str) -> web.Response:
    joint = "&" if "?" in address else "?"
    return web.Response(status=302, headers={"Location": f"{address}{joint}{urlencode(query)}"})


def _first_values(text: str) -> Form:
    return {name: values[0] for name, values in parse_qs(text, keep_blank_values=True).items()}
