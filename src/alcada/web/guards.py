"""Who may see a page. Every view that shows or changes a company's things starts with one of these.

No role in the company: 404, so that nobody learns what exists elsewhere. A role without the ability: 403,
with a page that says so. The rule itself is in people/rules.py, what decides in people/guards.py.
"""

from collections.abc import Callable
from functools import update_wrapper
from typing import Concatenate, ParamSpec

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from alcada.people import queries
from alcada.people.guards import company_for, require
from alcada.people.models import Company, User

__all__ = ["administrator_required", "companies_in_view", "company_or_404", "person", "require"]

P = ParamSpec("P")
View = Callable[Concatenate[HttpRequest, P], HttpResponse]


def person(request: HttpRequest) -> User:
    """Who is signed in. The middleware lets nobody else reach a page that is not listed as open."""
    if not request.user.is_authenticated:
        raise PermissionDenied
    return request.user


def company_or_404(request: HttpRequest, pk: int, ability: str) -> Company:
    """The company, if the person may do this there."""
    return company_for(person(request), pk, ability)


def companies_in_view(request: HttpRequest, ability: str) -> QuerySet[Company]:
    """What a list shows: the companies where the person may do this, narrowed by `?company=`.

    PermissionDenied where they may do it nowhere: an empty list would say "nothing yet".
    """
    allowed = queries.companies_where(person(request), ability)
    if not allowed.exists():
        raise PermissionDenied(_("None of your roles allows this."))
    chosen = request.GET.get("company", "")
    narrowed = allowed.filter(pk=chosen) if chosen.isdecimal() and len(chosen) < 19 else allowed.none()
    return narrowed if narrowed.exists() else allowed


def administrator_required(view: View[P]) -> View[P]:
    """For pages of the installation itself: companies, the application at Conta Azul, the diagnosis."""

    def guarded(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponse:
        if not person(request).is_administrator:
            raise PermissionDenied(_("Only an administrator of the installation sees this page."))
        return view(request, *args, **kwargs)

    update_wrapper(guarded, view)
    return guarded
