"""Reading tokens: one's own, and those of a company's services."""

from typing import Final

from django.db.models import F, QuerySet

from alcada.people.models import Company, Membership, Role, User
from alcada.tokens.models import Token

_GOOD_FIRST: Final = (F("revoked_at").asc(nulls_first=True), "-pk")


def own(user: User) -> QuerySet[Token]:
    """The person's, those that are good first."""
    return user.tokens.filter(company=None).order_by(*_GOOD_FIRST)


def of_services(company: Company) -> QuerySet[Token]:
    return company.tokens.select_related("user", "created_by").order_by(*_GOOD_FIRST)


def roles_of_services(company: Company) -> dict[int, list[Role]]:
    """Each service's roles in the company, by its user."""
    rows = Membership.objects.filter(company=company, user__is_service=True).values_list("user_id", "role")
    held: dict[int, list[Role]] = {}
    for user_id, role in rows.order_by("user_id", "role"):
        held.setdefault(user_id, []).append(Role(role))
    return held
