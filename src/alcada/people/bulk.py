"""Many companies and roles at once, in a few statements. Each is told to `note`, which keeps it for history.

The caller's transaction holds it all, and has checked who may: these verbs only write.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from django.db import models

from alcada.people.actions import PersonInactiveError, lock_people
from alcada.people.models import Company, Membership, Role, User

# event, subject, company, data
Note = Callable[[str, models.Model, Company | None, Mapping[str, Any]], None]


def create_companies(wanted: Sequence[tuple[str, str]], *, by: User, note: Note) -> list[Company]:
    """Companies of these names and documents, with their creator as each one's first administrator."""
    made = Company.objects.bulk_create([Company(name=name, document=document) for name, document in wanted])
    for company in made:
        note("company.created", company, company, {"name": company.name})
    _give([(company, by, Role.ADMINISTRATOR) for company in made], note=note)
    return made


def give_roles(wanted: Iterable[tuple[Company, str, str, Role]], *, note: Note) -> list[User]:
    """Roles for people by company, e-mail, name and role; who is not here yet is made. Returns those.

    Nobody loses a role. Raises PersonInactiveError.
    """
    rows = list(wanted)
    lock_people()
    emails = {email for _company, email, _name, _role in rows}
    known = {user.email: user for user in User.objects.filter(email__in=emails)}
    if any(not user.is_active for user in known.values()):
        raise PersonInactiveError
    new: dict[str, User] = {}
    companies: dict[str, Company] = {}
    for company, email, name, _role in rows:
        if email not in known and email not in new:
            new[email] = User(email=email, name=name)
            new[email].set_unusable_password()
            companies[email] = company
    made = User.objects.bulk_create(new.values())
    for user in made:
        note("person.added", user, None, {"name": user.name, "company": companies[user.email].name})
    people = known | {user.email: user for user in made}
    _give([(company, people[email], role) for company, email, _name, role in rows], note=note)
    return made


def _give(wanted: Sequence[tuple[Company, User, Role]], *, note: Note) -> None:
    users = {user.pk for _company, user, _role in wanted}
    held = set(Membership.objects.filter(user__in=users).values_list("user_id", "company_id", "role"))
    given = []
    for company, user, role in wanted:
        key = (user.pk, company.pk, role.value)
        if key in held:
            continue
        held.add(key)
        given.append(Membership(user=user, company=company, role=role))
        note(
            "person.role_given", company, company, {"person": user.pk, "name": user.name, "role": role.value}
        )
    Membership.objects.bulk_create(given)
