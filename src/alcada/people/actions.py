"""Writes about people and companies."""

from collections.abc import Iterable

from django.db import transaction

from alcada.people.models import Company, Membership, Role, User


class FirstRunOverError(Exception):
    """Somebody has set this installation up already."""


def make_first_administrator(*, email: str, name: str, password: str) -> User:
    """Create the installation's first person, exactly one however many browsers press at once.

    Raises FirstRunOverError when there is a person already.
    """
    with transaction.atomic():
        # One lock for the whole installation: there is no row yet to lock.
        with transaction.get_connection().cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtext('alcada.first-run'))")
        if User.objects.exists():
            raise FirstRunOverError
        return User.objects.create_user(email=email, name=name, password=password, is_administrator=True)


def set_roles(user: User, company: Company, roles: Iterable[Role]) -> tuple[set[Role], set[Role]]:
    """Give the person exactly these roles in the company; return what was given and what was taken."""
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        held = {Role(m.role) for m in Membership.objects.filter(user=user, company=company)}
        wanted = set(roles)
        Membership.objects.filter(user=user, company=company, role__in=held - wanted).delete()
        for role in wanted - held:
            Membership.objects.create(user=user, company=company, role=role)
        return wanted - held, held - wanted
