"""Writes about people and companies.

History stands above this room, so each verb is handed the way to record what it did (`history.actions.record`).
"""

import uuid
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, Final, Protocol

from django.contrib.auth import authenticate
from django.contrib.auth.tokens import PasswordResetTokenGenerator
from django.db import models, transaction
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import base36_to_int, urlsafe_base64_decode, urlsafe_base64_encode

from alcada.people import queries
from alcada.people.models import Company, Manager, Membership, Role, SignInAttempt, User

LOCK_FOR: Final = timedelta(minutes=10)
FORGOTTEN_GOOD_FOR: Final = timedelta(hours=2)
TRIES: Final = 5  # wrong ones, for one e-mail from one address
TRIES_PER_ADDRESS: Final = 50  # an office shares one; a list of stolen passwords needs more


class _ForgottenTokens(PasswordResetTokenGenerator):
    key_salt = "alcada.people.forgotten"

    def check_token(self, user: User | None, token: str | None) -> bool:
        if not super().check_token(user, token):
            return False
        made = base36_to_int((token or "").split("-")[0])
        return self._num_seconds(self._now()) - made <= FORGOTTEN_GOOD_FOR.total_seconds()


class _WelcomeTokens(PasswordResetTokenGenerator):
    """Handed out by one company's administrator: worthless once another company gives the person a role."""

    key_salt = "alcada.people.welcome"

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        companies = Membership.objects.filter(user=user).order_by("company").values_list("company", flat=True)
        return f"{super()._make_hash_value(user, timestamp)}{list(companies.distinct())}"


_welcome_tokens: Final = _WelcomeTokens()
_FORGOTTEN: Final = "f."
_forgotten_tokens: Final = _ForgottenTokens()


class Record(Protocol):
    def __call__(
        self,
        event: str,
        subject: models.Model,
        *,
        by: User | None = None,
        company: Company | None = None,
        data: Mapping[str, Any] | None = None,
    ) -> object: ...


class PeopleError(Exception):
    """A refusal in this room; each kind's docstring is its message."""


class FirstRunOverError(PeopleError):
    """Somebody has set this installation up already."""


class LastAdministratorError(PeopleError):
    """Nobody would be left to administer this."""


class PersonInactiveError(PeopleError):
    """This person's access was ended; only an administrator of the installation gives it back."""


class NotOfCompanyError(PeopleError):
    """This person has no role in the company, or is the same one."""


class LockedOutError(PeopleError):
    """Too many wrong tries; wait some minutes."""


# --- Signing in ----------------------------------------------------------------------------------------------


def sign_in(*, email: str, password: str, address: str) -> User | None:
    """The person, or None when e-mail and password are not somebody's. Raises LockedOutError.

    The try is written down before the password is looked at, so that many at once count as many.
    """
    email = email.strip().lower()[:254]
    attempt = SignInAttempt.objects.create(email=email, address=address)
    recent = SignInAttempt.objects.filter(
        address=address, at__gt=timezone.now() - LOCK_FOR, pk__lt=attempt.pk
    )
    if recent.filter(email=email).count() >= TRIES or recent.count() >= TRIES_PER_ADDRESS:
        attempt.delete()  # waiting is enough: a try during it does not make it longer
        raise LockedOutError
    user = authenticate(username=email, password=password)
    if not isinstance(user, User):
        return None
    SignInAttempt.objects.filter(email=email, address=address).delete()
    SignInAttempt.objects.filter(at__lt=timezone.now() - timedelta(days=1)).delete()
    return user


def welcome_token(user: User) -> str:
    """Names the person and lets them set a password, once: using it makes it worthless."""
    return f"{urlsafe_base64_encode(force_bytes(user.pk))}.{_welcome_tokens.make_token(user)}"


def forgotten_token(user: User) -> str:
    """As `welcome_token`, for who asked for it by e-mail themselves: good for two hours."""
    return f"{_FORGOTTEN}{urlsafe_base64_encode(force_bytes(user.pk))}.{_forgotten_tokens.make_token(user)}"


def person_of_token(token: str) -> User | None:
    """Whose link this is, while it is good."""
    tokens = _forgotten_tokens if token.startswith(_FORGOTTEN) else _welcome_tokens
    encoded, _, rest = token.removeprefix(_FORGOTTEN).partition(".")
    try:
        pk = int(urlsafe_base64_decode(encoded).decode())
    except (ValueError, UnicodeDecodeError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return user if user and tokens.check_token(user, rest) else None


def set_password_by_token(token: str, password: str) -> User | None:
    """Set the password; None when the link was used meanwhile or is too old."""
    with transaction.atomic():
        found = person_of_token(token)
        if found is None:
            return None
        locked = User.objects.select_for_update().get(pk=found.pk)
        if person_of_token(token) is None:
            return None
        locked.set_password(password)
        locked.save(update_fields=["password"])
        return locked


# --- The installation ----------------------------------------------------------------------------------------


def make_first_administrator(*, email: str, name: str, password: str, language: str = "") -> User:
    """Create the installation's first person, exactly one however many browsers press at once.

    Raises FirstRunOverError when there is a person already.
    """
    with transaction.atomic():
        _lock_installation("first-run")
        if User.objects.exists():
            raise FirstRunOverError
        return User.objects.create_user(
            email=email, name=name, password=password, language=language, is_administrator=True
        )


def create_company(*, name: str, document: str, by: User, record: Record) -> Company:
    """A company, with its creator as its first administrator."""
    with transaction.atomic():
        company = Company.objects.create(name=name.strip(), document=document)
        record("company.created", company, by=by, company=company, data={"name": company.name})
        give_roles(by, company, {Role.ADMINISTRATOR}, by=by, record=record)
        return company


def rename_company(company: Company, name: str, *, by: User, record: Record) -> None:
    """Change what the company is called here. Its CNPJ stays: it says which company this is."""
    with transaction.atomic():
        locked = Company.objects.select_for_update().get(pk=company.pk)
        if locked.name == name.strip():
            return
        before, locked.name = locked.name, name.strip()
        locked.save(update_fields=["name"])
        record("company.changed", locked, by=by, company=locked, data={"from": before, "to": locked.name})


# --- People and roles ----------------------------------------------------------------------------------------


def add_person(
    *, email: str, name: str, company: Company, roles: Iterable[Role], by: User, record: Record
) -> tuple[User, bool]:
    """Give somebody roles in the company; make the person if nobody has the e-mail. Returns (person, made?).

    Who is here already keeps the name and the password that they have. Raises PersonInactiveError.
    """
    with transaction.atomic():
        lock_people()
        user = User.objects.filter(email=email.strip().lower()).first()
        made = user is None
        if user is None:
            user = User.objects.create_user(email=email, name=name)
            record("person.added", user, by=by, data={"name": user.name, "company": company.name})
        elif not user.is_active:
            raise PersonInactiveError
        held = set(queries.roles_of(user, company))
        give_roles(user, company, held | set(roles), by=by, record=record)
        return user, made


def give_roles(user: User, company: Company, roles: Iterable[Role], *, by: User, record: Record) -> None:
    """Let the person have exactly these roles in the company. Raises LastAdministratorError."""
    with transaction.atomic():
        given, taken = set_roles(user, company, roles)
        if Role.ADMINISTRATOR in taken and not queries.holders(company, Role.ADMINISTRATOR).exists():
            raise LastAdministratorError
        for event, changed in (("person.role_given", given), ("person.role_taken", taken)):
            for role in sorted(changed):
                data = {"person": user.pk, "name": user.name, "role": role.value}
                record(event, company, by=by, company=company, data=data)


def set_roles(user: User, company: Company, roles: Iterable[Role]) -> tuple[set[Role], set[Role]]:
    """Give the person exactly these roles in the company; return what was given and what was taken.

    Without history: for tests and data that are made whole. Pages call `give_roles`.
    """
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        held = set(queries.roles_of(user, company))
        wanted = set(roles)
        Membership.objects.filter(user=user, company=company, role__in=held - wanted).delete()
        for role in wanted - held:
            Membership.objects.create(user=user, company=company, role=role)
        return wanted - held, held - wanted


def set_manager(user: User, company: Company, manager: User | None, *, by: User, record: Record) -> None:
    """Let the person answer to this one in the company; None: to nobody. Raises NotOfCompanyError."""
    with transaction.atomic():
        Company.objects.select_for_update().get(pk=company.pk)
        if manager is not None and (manager == user or not queries.people_of(company).contains(manager)):
            raise NotOfCompanyError
        held = Manager.objects.filter(company=company, person=user).select_related("manager").first()
        before = held.manager if held else None
        if before == manager:
            return
        if manager is None:
            Manager.objects.filter(company=company, person=user).delete()
        else:
            Manager.objects.update_or_create(company=company, person=user, defaults={"manager": manager})
        data = {"person": user.pk, "name": user.name, "from": str(before or ""), "to": str(manager or "")}
        record("person.manager_changed", company, by=by, company=company, data=data)


def add_service(*, name: str, company: Company, roles: Iterable[Role], by: User, record: Record) -> User:
    """A program with roles of its own in one company; alcada.tokens makes what it calls with."""
    with transaction.atomic():
        # Nobody's address: the domain is reserved for what does not exist (RFC 2606).
        user = User.objects.create_user(
            email=f"{uuid.uuid4().hex}@service.invalid", name=name, is_service=True
        )
        record(
            "person.added", user, by=by, data={"name": user.name, "company": company.name, "service": True}
        )
        give_roles(user, company, roles, by=by, record=record)
        return user


def make_link(user: User, *, by: User, record: Record) -> str:
    """A new link to set a password: recorded, since whoever holds it can become the person."""
    with transaction.atomic():
        record("person.link_made", user, by=by, data={"name": user.name})
        return welcome_token(user)


def deactivate(user: User, *, by: User, record: Record) -> None:
    """End the person's access. Raises LastAdministratorError, for the installation or one of its companies."""
    with transaction.atomic():
        lock_people()
        locked = User.objects.select_for_update().get(pk=user.pk)
        if not locked.is_active:
            return
        locked.is_active = False
        locked.save(update_fields=["is_active"])
        administered = Company.objects.filter(memberships__user=locked, memberships__role=Role.ADMINISTRATOR)
        orphans = [c for c in administered if not queries.holders(c, Role.ADMINISTRATOR).exists()]
        others = User.objects.filter(is_active=True, is_administrator=True)
        if orphans or (locked.is_administrator and not others.exists()):
            raise LastAdministratorError(", ".join(c.name for c in orphans))
        record("person.deactivated", locked, by=by, data={"name": locked.name})


def reactivate(user: User, *, by: User, record: Record) -> None:
    """Give the person's access back, with the roles that they had."""
    with transaction.atomic():
        if User.objects.filter(pk=user.pk, is_active=False).update(is_active=True):
            record("person.reactivated", user, by=by, data={"name": user.name})


def lock_people() -> None:
    """Whoever makes people waits for the others: an e-mail is one person's."""
    _lock_installation("people")


def _lock_installation(name: str) -> None:
    """One at a time in the whole installation, where there is no row yet to lock; until the transaction ends."""
    with transaction.get_connection().cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"alcada.{name}"])
