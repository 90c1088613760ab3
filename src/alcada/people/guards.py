"""What a page and the API ask before they show or change a company's things: one function for both.

No role in the company: 404, so that nobody learns what exists elsewhere. A role without the ability: 403, with a
sentence that says so. The rule itself is in rules.py.
"""

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _

from alcada.people import queries
from alcada.people.models import Company, User


def require(user: User, ability: str, company: Company) -> None:
    """Return if the person may do this in the company. Raises Http404 (no role there) or PermissionDenied."""
    if queries.may(user, ability, company):
        return
    if not company.memberships.filter(user=user).exists():
        raise Http404
    raise PermissionDenied(
        _("Your roles in %(company)s do not allow this. An administrator of the company can change them.")
        % {"company": company.name}
    )


def company_for(user: User, pk: int, ability: str) -> Company:
    """The company, if the person may do this there. Raises as `require`."""
    company = Company.objects.filter(pk=pk).first()
    if company is None:
        raise Http404
    require(user, ability, company)
    return company
