"""Sending letters. Claimed first, so that two workers don't both send; written down as soon as the server took it.

A letter is sent at least once: a worker that dies, or a connection that ends, between claim and answer leaves it in
doubt, and when the claim has run out it is sent again, once, under the same Message-ID (docs/notices.md says why). What
is known not to have left is tried again for two days.
"""

import logging
import smtplib
import uuid
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone, translation

from alcada.notify import digest_letters, gathering, letters, notice_letters, rules
from alcada.notify.models import Letter, Notice
from alcada.notify.rules import CLAIM, DIGEST, REPEATS, Sent
from alcada.people.models import Membership

log = logging.getLogger(__name__)

State = Letter.State
AWAY: Final = "server_away"
AWAY_FOR: Final = timedelta(seconds=30)
AT_ONCE: Final = 500  # letters of one job


def run() -> int:
    """Send what is due, over one connection; how many were taken. Safe to call by any number at once."""
    if not settings.EMAIL_CONFIGURED:
        return 0
    gathering.gather()
    now = timezone.now()
    if not _due().exists() or Letter.objects.filter(error=AWAY, state=State.WAITING, due_at__gt=now).exists():
        return 0
    connection = get_connection()
    if not _opened(connection):
        return 0
    try:
        count = 0
        for _ in range(AT_ONCE):
            letter = _claim()
            if letter is None:
                break
            count += _send(letter, connection)
            if not _opened(connection):  # the server hung up
                break
        return count
    finally:
        _close(connection)


def waits() -> bool:
    """Is there something to send, as far as can be told without asking the server?"""
    return settings.EMAIL_CONFIGURED and (
        _due().exists() or Notice.objects.filter(to_mail=True, read_at=None).exists()
    )


def _due() -> QuerySet[Letter]:
    now = timezone.now()
    return Letter.objects.filter(
        Q(state=State.WAITING, due_at__lte=now) | Q(state=State.SENDING, claim_until__lt=now)
    )


def _claim() -> Letter | None:
    """The next one that is due, this worker's for a while; or one whose worker did not come back."""
    with transaction.atomic():
        while True:
            letter = _due().select_for_update(skip_locked=True).order_by("due_at").first()
            if letter is None:
                return None
            if letter.state == State.SENDING:
                letter.doubts += 1
            if letter.doubts > REPEATS:
                _end(letter, State.FAILED, error="unclear")
                continue
            letter.state, letter.claim = State.SENDING, uuid.uuid4()
            letter.claim_until = timezone.now() + CLAIM
            letter.tries += 1
            letter.save(update_fields=["state", "claim", "claim_until", "tries", "doubts"])
            return letter


def _send(letter: Letter, connection: BaseEmailBackend) -> bool:
    try:
        message = compose(letter)
    except Exception as exc:  # one that can't be written must not keep the others
        log.exception("a letter could not be written")
        _end(letter, State.FAILED, error=type(exc).__name__)
        return False
    if message is None:
        _end(letter, State.DROPPED)
        return False
    outcome, error = _hand_over(message, connection)
    if outcome == Sent.DONE:
        _sent(letter)
        return True
    log.warning("a letter was not sent (%s, %s)", outcome.value, error)
    _not_sent(letter, outcome, error)
    return False


def compose(letter: Letter) -> EmailMessage | None:
    """The letter in its reader's language; None: nothing in it is theirs to know any more, or still of interest."""
    user = letter.user
    if not user.is_active:
        return None
    companies = set(Membership.objects.filter(user=user).values_list("company_id", flat=True))
    with translation.override(user.language or settings.LANGUAGE_CODE):
        if letter.about == DIGEST:
            content = digest_letters.content_of(user, letter.content or {}, companies)
        else:
            notices = letter.notices.select_related("user").filter(read_at=None, company__in=companies)
            found = list(notices.order_by("pk"))
            content = notice_letters.content_of(found) if found else None
        return letters.message(letter.pk, user, content) if content else None


def _hand_over(message: EmailMessage, connection: BaseEmailBackend) -> tuple[Sent, str]:
    try:
        connection.send_messages([message])
    except smtplib.SMTPRecipientsRefused as exc:
        codes = [code for code, _words in exc.recipients.values()]
        return _by_code(max(codes, default=0)), "recipient_refused"
    except smtplib.SMTPSenderRefused:
        return Sent.NOT_SENT, "sender_refused"
    except smtplib.SMTPResponseException as exc:
        return _by_code(exc.smtp_code), "server_refused"
    except OSError as exc:  # the server's silence, too
        handed = getattr(getattr(connection, "connection", None), "handed", True)
        return (Sent.UNKNOWN if handed else Sent.NOT_SENT), type(exc).__name__
    except ValueError as exc:  # an address or a header that can't be written
        return Sent.REFUSED, type(exc).__name__
    return Sent.DONE, ""


def _by_code(code: int) -> Sent:
    """By SMTP's rule: 5… is for good, 4… for now."""
    return Sent.REFUSED if code >= 500 else Sent.NOT_SENT


def _sent(letter: Letter) -> None:
    """The server took it: true whoever holds the claim by now."""
    now = timezone.now()
    with transaction.atomic():
        Letter.objects.filter(pk=letter.pk).exclude(state=State.SENT).update(
            state=State.SENT, sent_at=now, claim=None, claim_until=None, error=""
        )
        Notice.objects.filter(letter=letter).update(mailed_at=now)
        Letter.objects.filter(error=AWAY, state=State.WAITING, due_at__gt=now).update(due_at=now)


def _not_sent(letter: Letter, outcome: Sent, error: str) -> None:
    now = timezone.now()
    following = rules.after(outcome, tries=letter.tries, doubts=letter.doubts, age=now - letter.created_at)
    mine = Letter.objects.filter(pk=letter.pk, claim=letter.claim)
    freed = {"claim": None, "claim_until": None, "doubts": following.doubts, "error": error[:60]}
    if following.wait is None:
        mine.update(state=State.FAILED, **freed)
    else:
        mine.update(state=State.WAITING, due_at=now + following.wait, **freed)


def _end(letter: Letter, state: Letter.State, error: str = "") -> None:
    Letter.objects.filter(pk=letter.pk).exclude(state=State.SENT).update(
        state=state, claim=None, claim_until=None, error=error
    )


def _opened(connection: BaseEmailBackend) -> bool:
    """Is the server there? If not, nothing is claimed, and all that waits waits a little longer."""
    try:
        if getattr(getattr(connection, "connection", None), "sock", True) is None:
            _close(connection)
        connection.open()
    except OSError as exc:
        log.warning("the mail server does not answer (%s)", type(exc).__name__)
        now = timezone.now()
        Letter.objects.filter(state=State.WAITING, due_at__lte=now).update(due_at=now + AWAY_FOR, error=AWAY)
        return False
    return True


def _close(connection: BaseEmailBackend) -> None:
    try:
        connection.close()
    except OSError:
        log.debug("the mail server had hung up")
