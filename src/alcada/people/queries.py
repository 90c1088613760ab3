"""Who may see and do what, where."""

from django.db.models import Count, QuerySet

from alcada.people.models import Company, Invitation, Manager, Membership, Role, User
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


def people_of(company: Company) -> QuerySet[User]:
    """The active people who have any role in the company."""
    with_role = Membership.objects.filter(company=company).values("user")
    return User.objects.filter(is_active=True, is_service=False, pk__in=with_role).order_by("name", "id")


def manager_of(user: User, company: Company) -> User | None:
    """To whom the person answers there."""
    found = Manager.objects.filter(company=company, person=user).select_related("manager").first()
    return found.manager if found else None


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


def invitations_seen_by(user: User) -> QuerySet[Invitation]:
    """Those into a company that the person administers; all, for the installation's administrators."""
    if user.is_administrator:
        return Invitation.objects.all()
    mine = companies_where(user, "people.manage").values("pk")
    return Invitation.objects.filter(roles__company__in=mine).distinct()


def open_invitations_seen_by(user: User) -> QuerySet[Invitation]:
    """Those that wait for the person to come, run out or not."""
    return invitations_seen_by(user).filter(accepted_at=None, taken_back_at=None)


def may_hold_link(by: User, invitation: Invitation) -> bool:
    """May `by` see the invitation's link? As `may_make_link`: whoever has it comes into all of its companies."""
    if by.is_administrator:
        return True
    mine = companies_where(by, "people.manage").values("pk")
    return not invitation.roles.exclude(company__in=mine).exists()
