"""Who may see and do what, where."""

from django.db.models import Count, QuerySet

from alcada.people.models import Company, Membership, Role, User
from alcada.people.rules import ABILITIES


def companies_of(user: User) -> QuerySet[Company]:
    """The companies in which the person has a role. The installation's administrators have no others."""
    return Company.objects.filter(memberships__user=user).distinct()


def may(user: User, ability: str, company: Company) -> bool:
    """Does one of the person's roles in the company allow this? Unknown abilities are a programming error: KeyError."""
    roles = ABILITIES[ability]
    return user.is_active and company.memberships.filter(user=user, role__in=roles).exists()


def companies_where(user: User, ability: str) -> QuerySet[Company]:
    """The companies in which the person may do this."""
    roles = ABILITIES[ability]
    return Company.objects.filter(memberships__user=user, memberships__role__in=roles).distinct()


def with_approver(companies: QuerySet[Company]) -> QuerySet[Company]:
    """Those in which somebody may approve what somebody else entered: nobody decides their own."""
    people = Membership.objects.filter(user__is_active=True, user__is_service=False)
    several = people.values("company").annotate(count=Count("user", distinct=True)).filter(count__gt=1)
    approvers = people.filter(role=Role.APPROVER)
    return companies.filter(pk__in=several.values("company")).filter(pk__in=approvers.values("company"))


def holders(company: Company, role: Role) -> QuerySet[User]:
    """The active people who have the role in the company. No services: nobody asks or tells a program."""
    found = User.objects.filter(is_active=True, is_service=False)
    return found.filter(memberships__company=company, memberships__role=role).order_by("name", "id")


def menders(company: Company) -> list[User]:
    """Who is told of a posting that needs a hand: finance, or the administrators where there is nobody for it."""
    return list(holders(company, Role.FINANCE) or holders(company, Role.ADMINISTRATOR))


def roles_of(user: User, company: Company) -> list[Role]:
    """The person's roles in the company."""
    rows = Membership.objects.filter(user=user, company=company).values_list("role", flat=True)
    return [role for role in Role if role in set(rows)]


def may_make_link(by: User, user: User) -> bool:
    """May `by` hand out a link that sets the person's password?

    Whoever holds it can become the person, in every company: so only those who administer all of the person's
    companies, or the installation; and an administrator of the installation only by another of them.
    """
    if by.is_administrator:
        return True
    mine = companies_where(by, "people.manage").values("pk")
    return not user.is_administrator and not companies_of(user).exclude(pk__in=mine).exists()
