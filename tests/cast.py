"""The people of the tests: how one is made."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alcada.people.models import Company, User

PASSWORD = "uma senha bem comprida"


def make_person(name: str, company: "Company", *roles: str, **fields: Any) -> "User":
    """A person with these roles in the company; their password is PASSWORD."""
    from alcada.people.models import Membership, User

    email = f"{name.split()[0].lower()}@exemplo.com.br"
    user = User.objects.create_user(email=email, name=name, password=PASSWORD, **fields)
    for role in roles:
        Membership.objects.create(user=user, company=company, role=role)
    return user
