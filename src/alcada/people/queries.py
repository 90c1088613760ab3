"""Who may see and do what, where."""

from django.db.models import QuerySet

from alcada.people.models import Company, Role, User
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


def holders(company: Company, role: Role) -> QuerySet[User]:
    """The active people who have the role in the company."""
    return User.objects.filter(is_active=True, memberships__company=company, memberships__role=role).order_by(
        "name", "id"
    )
