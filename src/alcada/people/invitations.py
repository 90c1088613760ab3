"""Invitations: who is not here yet is asked by e-mail, and comes with the link, a password or passkey, and their roles.

A link is a random token of which a hash is kept; a new one makes the one before worthless. Whoever is here already is
given the roles at once. History stands above this room: each verb is handed the way to record what it did.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.db import connection, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from alcada import queue
from alcada.people import actions, queries
from alcada.people.actions import PeopleError, PersonInactiveError, Record, lock_people
from alcada.people.models import Company, Invitation, InvitationRole, Role, User
from alcada.people.rules import INVITATION_GOOD_FOR, invitation_state

How = Literal["password", "passkey", "provider"]


class InvitationOverError(PeopleError):
    """The invitation was accepted, taken back or ran out."""


@dataclass(frozen=True, repr=False)
class Made:
    """An invitation and the token of its link: for this one answer or e-mail, it can't be had again."""

    invitation: Invitation
    token: str


# --- Asking --------------------------------------------------------------------------------------------------


def invite(
    *,
    email: str,
    name: str,
    company: Company,
    roles: Iterable[Role],
    by: User,
    record: Record,
    by_mail: bool,
) -> User | Invitation:
    """Roles at once for who is here; else an open invitation, new or the one that they have, with these roles too.

    Returns the person or the invitation. Raises PersonInactiveError.
    """
    email = email.strip().lower()
    with transaction.atomic():
        lock_people()
        user = User.objects.filter(email=email).first()
        if user is not None:
            return actions.add_person(
                email=email, name=name, company=company, roles=roles, by=by, record=record
            )[0]
        invitation = _open().select_for_update().filter(email=email).first()
        if invitation is None:
            invitation = Invitation.objects.create(
                email=email, name=name.strip(), invited_by=by, language=by.language, expires_at=_until()
            )
        _ask_for(invitation, company, roles, by=by, record=record)
        if by_mail:
            _send(invitation)
        return invitation


def set_roles(
    invitation: Invitation, company: Company, roles: Iterable[Role], *, by: User, record: Record
) -> None:
    """Exactly these roles in the company; none takes the company out of it, and no company left takes it back.

    Raises InvitationOverError.
    """
    with transaction.atomic():
        locked = _locked(invitation)
        wanted = set(roles)
        held = locked.roles.filter(company=company)
        if wanted:
            held.exclude(role__in=wanted).delete()
            _ask_for(locked, company, wanted, by=by, record=record)
        else:
            _take_back(locked, [company], by=by, record=record)


def send(invitation: Invitation, *, by: User, record: Record) -> None:
    """By e-mail once more, with a new link that is good for as long as the first was. Raises InvitationOverError."""
    with transaction.atomic():
        locked = _locked(invitation)
        _send(locked)
        _tell("person.invitation_sent", locked, by, record)


def make_link(invitation: Invitation, *, by: User, record: Record) -> str:
    """The token of a new link, to be handed out. Raises InvitationOverError."""
    token = secrets.token_urlsafe(24)
    with transaction.atomic():
        locked = _locked(invitation)
        locked.token_hash, locked.by_mail, locked.sent_at = _hash(token), False, None
        locked.expires_at = _until()
        locked.save(update_fields=["token_hash", "by_mail", "sent_at", "expires_at"])
        _tell("person.invitation_sent", locked, by, record)
    return token


def take_back(invitation: Invitation, companies: Iterable[Company], *, by: User, record: Record) -> bool:
    """What it gives in these companies; True when nothing is left of it, and its link opens nothing any more.

    Raises InvitationOverError.
    """
    with transaction.atomic():
        return _take_back(_locked(invitation), companies, by=by, record=record)


def draw_token(invitation_id: int) -> Made | None:
    """A link for the e-mail that is about to leave; None when it has left, or is not wanted any more.

    Drawn anew by each try: what an earlier one may have sent is void then.
    """
    token = secrets.token_urlsafe(24)
    waiting = _open().filter(pk=invitation_id, by_mail=True, sent_at=None, expires_at__gt=Now())
    if not waiting.update(token_hash=_hash(token)):
        return None
    return Made(Invitation.objects.select_related("invited_by").get(pk=invitation_id), token)


def mark_sent(invitation: Invitation) -> None:
    """Unless it was asked for anew while it left."""
    Invitation.objects.filter(pk=invitation.pk, token_hash=invitation.token_hash).update(sent_at=Now())


# --- Coming --------------------------------------------------------------------------------------------------


def find(token: str) -> Invitation | None:
    """The open invitation of this link. Changes nothing."""
    found = Invitation.objects.select_related("invited_by").filter(token_hash=_hash(token)).first()
    return found if found and is_good(found) else None


def of_email(email: str) -> Invitation | None:
    """The open invitation of an address that a provider has verified."""
    found = _open().select_related("invited_by").filter(email=email.strip().lower()).first()
    return found if found and is_good(found) else None


def is_good(invitation: Invitation) -> bool:
    return invitation_state(invitation, timezone.now()) in ("waiting", "sent", "link")


def next_person_id() -> int:
    """An id for somebody about to be made: a passkey carries it before the person is here."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('people_user', 'id'))")
        return int(cursor.fetchone()[0])


def accept(
    invitation: Invitation,
    *,
    name: str,
    how: How,
    record: Record,
    password: str | None = None,
    language: str = "",
    person_id: int | None = None,
    then: Callable[[User], object] | None = None,
) -> User:
    """Make the person with their roles; `then` in the same transaction. Once, however many press at once.

    Somebody made with the e-mail meanwhile, who never signed in, becomes this person. Raises InvitationOverError,
    also where the person has a sign-in of their own already, and PersonInactiveError.
    """
    with transaction.atomic():
        lock_people()
        locked = _locked(invitation)
        if not is_good(locked):
            raise InvitationOverError
        user = _become(locked, name=name, password=password, language=language, person_id=person_id)
        for company in Company.objects.filter(pk__in=locked.roles.values("company")):
            asked = {Role(one.role) for one in locked.roles.filter(company=company)}
            held = set(queries.roles_of(user, company))
            actions.give_roles(user, company, held | asked, by=locked.invited_by, record=record)
        locked.accepted_at, locked.accepted_by, locked.token_hash = timezone.now(), user, None
        locked.save(update_fields=["accepted_at", "accepted_by", "token_hash"])
        data = {"name": user.name, "how": how, "invitation": locked.pk, "invited_by": locked.invited_by.name}
        record("person.joined", user, by=user, data=data)
        if then is not None:
            then(user)
        return user


def _become(
    invitation: Invitation, *, name: str, password: str | None, language: str, person_id: int | None
) -> User:
    user = User.objects.select_for_update().filter(email=invitation.email).first()
    if user is None:
        own = {"pk": person_id} if person_id else {}
        return User.objects.create_user(
            email=invitation.email, name=name, password=password, language=language, **own
        )
    if not user.is_active:
        raise PersonInactiveError
    if user.last_login or user.has_usable_password() or (person_id and person_id != user.pk):
        raise InvitationOverError
    user.name = name.strip()
    user.set_password(password)
    user.save(update_fields=["name", "password"])
    return user


# --- Inside --------------------------------------------------------------------------------------------------


def _open() -> QuerySet[Invitation]:
    return Invitation.objects.filter(accepted_at=None, taken_back_at=None)


def _locked(invitation: Invitation) -> Invitation:
    locked = _open().select_for_update(of=("self",)).filter(pk=invitation.pk).first()
    if locked is None:
        raise InvitationOverError
    return locked


def _ask_for(
    invitation: Invitation, company: Company, roles: Iterable[Role], *, by: User, record: Record
) -> None:
    others = invitation.roles.exclude(company=company)
    if not invitation.by_mail and others.exists() and not invitation.roles.filter(company=company).exists():
        # Whoever was handed the link by one company would come into this one too.
        invitation.token_hash = None
        invitation.save(update_fields=["token_hash"])
    wanted = [InvitationRole(invitation=invitation, company=company, role=role) for role in roles]
    InvitationRole.objects.bulk_create(wanted, ignore_conflicts=True)
    told = sorted(invitation.roles.filter(company=company).values_list("role", flat=True))
    data = {"invitation": invitation.pk, "name": invitation.name, "roles": told}
    record("person.invited", company, by=by, company=company, data=data)


def _send(invitation: Invitation) -> None:
    invitation.token_hash, invitation.by_mail, invitation.sent_at = None, True, None
    invitation.expires_at = _until()
    invitation.save(update_fields=["token_hash", "by_mail", "sent_at", "expires_at"])
    queue.defer("send_invitation", invitation_id=invitation.pk)


def _take_back(invitation: Invitation, companies: Iterable[Company], *, by: User, record: Record) -> bool:
    """Where other companies invite the person too, only ours are taken out; else it ends, and says what it was."""
    ours = list(companies)
    for company in ours:
        if invitation.roles.filter(company=company).exists():
            data = {"invitation": invitation.pk, "name": invitation.name}
            record("person.invitation_taken_back", company, by=by, company=company, data=data)
    if invitation.roles.exclude(company__in=ours).exists():
        invitation.roles.filter(company__in=ours).delete()
        return False
    invitation.taken_back_at, invitation.token_hash = timezone.now(), None
    invitation.save(update_fields=["taken_back_at", "token_hash"])
    return True


def _tell(event: str, invitation: Invitation, by: User, record: Record) -> None:
    data = {"invitation": invitation.pk, "name": invitation.name, "mail": invitation.by_mail}
    for company in Company.objects.filter(pk__in=invitation.roles.values("company")):
        record(event, company, by=by, company=company, data=data)


def _until() -> datetime:
    return timezone.now() + INVITATION_GOOD_FOR


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
