"""Tokens of the API: one's own under the profile, and those of a company's services for its administrators.

A token is in the answer of the POST that made it, and nowhere else.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from alcada.people.models import Company, Role, User
from alcada.tokens import actions, queries, rules
from alcada.tokens.models import Token
from alcada.web.forms_base import Choices, Form
from alcada.web.guards import company_or_404, person, require
from alcada.web.people import ROLE_HINTS
from alcada.web.signin.recently import confirm_first, signed_in_lately

MANAGE: Final = "people.manage"
# state -> label, tone
STATES: Final[Mapping[str, tuple[str | Promise, str]]] = {
    "good": (lazy("Good"), "green"),
    "expired": (lazy("Ran out"), "grey"),
    "revoked": (lazy("Revoked"), "grey"),
}


class TokenForm(Form):
    name = forms.CharField(
        label=lazy("What it is for"),
        max_length=100,
        widget=forms.TextInput({"autocomplete": "off"}),
        help_text=lazy("The program's name, for example. History shows it."),
    )
    days = forms.TypedChoiceField(
        label=lazy("Good for"),
        coerce=int,
        initial=90,
        choices=lambda: [
            (days, ngettext("%(days)s day", "%(days)s days", days) % {"days": days}) for days in rules.DAYS
        ],
    )
    scopes = forms.MultipleChoiceField(
        label=lazy("What it may do"),
        widget=Choices,
        choices=[*rules.SCOPES.items()],
        help_text=lazy("At most what your own roles allow, at the moment of the call."),
        error_messages={"required": lazy("Choose at least one.")},
    )


class ServiceForm(TokenForm):
    roles = forms.TypedMultipleChoiceField(
        label=lazy("Its roles in the company"),
        choices=[(role.value, ROLE_HINTS[role]) for role in rules.SERVICE_ROLES],
        coerce=Role,
        widget=Choices,
        error_messages={"required": lazy("Choose at least one.")},
    )
    field_order = ("name", "roles", "scopes", "days")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        scopes = self.fields["scopes"]
        assert isinstance(scopes, forms.MultipleChoiceField)
        scopes.choices = [*rules.SERVICE_SCOPES.items()]
        scopes.help_text = _("At most what its roles allow. Decisions are a person's: a service takes none.")


@dataclass(frozen=True)
class Row:
    token: Token
    state: str
    label: str | Promise
    tone: str
    scopes: list[str | Promise]
    roles: list[str | Promise]


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def own(request: HttpRequest) -> HttpResponse:
    user = person(request)
    if request.method == "POST" and not signed_in_lately(request):
        return _prove_first(request)
    form = TokenForm(request.POST or None, initial=_typed(request))
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_personal(user, **form.cleaned_data)
        except actions.TooManyTokensError:
            form.add_error(None, _too_many())
        else:
            form = TokenForm()
    return _own_page(request, user, form, made)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def services(request: HttpRequest, pk: int) -> HttpResponse:
    company = company_or_404(request, pk, MANAGE)
    if request.method == "POST" and not signed_in_lately(request):
        return _prove_first(request)
    form = ServiceForm(request.POST or None, initial=_typed(request))
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.make_service(company, **form.cleaned_data, by=person(request))
        except actions.TooManyTokensError:
            form.add_error(None, _too_many())
        else:
            form = ServiceForm()
    return _services_page(request, company, form, made)


@never_cache
@require_POST
def renew(request: HttpRequest, pk: int) -> HttpResponse:
    """Another one for the same; the page that shows it says to revoke the old one once the program has it."""
    token = _token(request, pk)
    if not signed_in_lately(request):
        address = (
            reverse("tokens-services", args=[token.company_id]) if token.company_id else reverse("tokens")
        )
        return confirm_first(address)
    made = None
    try:
        made = actions.renew(token, by=person(request))
    except actions.NotGoodError:
        messages.warning(request, _("It was revoked or ran out: make a new one."))
    except actions.TooManyTokensError:
        messages.warning(request, _too_many())
    if token.company is not None:
        return _services_page(request, token.company, ServiceForm(), made, renewed=token)
    return _own_page(request, person(request), TokenForm(), made, renewed=token)


@require_POST
def revoke(request: HttpRequest, pk: int) -> HttpResponse:
    token = _token(request, pk)
    if actions.revoke(token, by=person(request)):
        messages.success(request, _("The token is revoked: it opens nothing any more."))
    return redirect("tokens-services", token.company_id) if token.company_id else redirect("tokens")


def _prove_first(request: HttpRequest) -> HttpResponse:
    """A token outlives the session that made it, by a year perhaps. What was typed stands in the form afterwards."""
    typed = {name: request.POST.getlist(name) for name in ServiceForm.base_fields if name in request.POST}
    return confirm_first(f"{request.path}?{urlencode(typed, doseq=True)}")


def _typed(request: HttpRequest) -> dict[str, Any]:
    """What was typed before the person was asked who they are."""
    several = ("scopes", "roles")
    return {
        name: request.GET.getlist(name) if name in several else request.GET[name][:100]
        for name in ServiceForm.base_fields
        if name in request.GET
    }


def _token(request: HttpRequest, pk: int) -> Token:
    """One's own, or one of a company that one administers; all others are not there."""
    user = person(request)
    found = Token.objects.select_related("company", "user").filter(pk=pk).first()
    if found is None or (found.company is None and found.user_id != user.pk):
        raise Http404
    if found.company is not None:
        require(user, MANAGE, found.company)
    return found


def _own_page(
    request: HttpRequest, user: User, form: Form, made: actions.Made | None, *, renewed: Token | None = None
) -> HttpResponse:
    context = {"rows": [_row(token, []) for token in queries.own(user)], "address": reverse("tokens")}
    return _page(request, context, form, made, renewed)


def _services_page(
    request: HttpRequest,
    company: Company,
    form: Form,
    made: actions.Made | None,
    *,
    renewed: Token | None = None,
) -> HttpResponse:
    held = queries.roles_of_services(company)
    rows = [_row(token, held.get(token.user_id, [])) for token in queries.of_services(company)]
    context = {"rows": rows, "company": company, "address": reverse("tokens-services", args=[company.pk])}
    return _page(request, context, form, made, renewed)


def _page(
    request: HttpRequest,
    context: dict[str, Any],
    form: Form,
    made: actions.Made | None,
    renewed: Token | None,
) -> HttpResponse:
    told = context | {"form": form, "made": made, "renewed": renewed if made else None}
    return render(request, "tokens/tokens.html", told, status=422 if form.errors else 200)


def _row(token: Token, roles: list[Role]) -> Row:
    state = actions.state_of(token)
    label, tone = STATES[state]
    scopes = [rules.SCOPES.get(scope, scope) for scope in token.scopes]
    return Row(token, state, label, tone, scopes, [role.label for role in roles])


def _too_many() -> str:
    return _("There are %(most)s good ones already: revoke those that nothing uses.") % {"most": rules.MOST}
