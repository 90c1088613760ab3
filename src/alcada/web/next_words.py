"""What happens next with an entry, and whose turn it is: worked out from its round and its posting."""

from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.approval.models import Decision, Round, Step
from alcada.connections.models import Connection
from alcada.flow import shipped
from alcada.intake.models import Entry
from alcada.ledger.models import Difference
from alcada.people.queries import menders
from alcada.posting.models import BY_HAND, LOUD, Posting, State
from alcada.posting.owners import Owner
from alcada.web import moments, returned


def of(entry: Entry, round_: Round | None, step: Step | None, posting: Posting | None) -> str:
    if entry.discarded_at:
        return _("It was discarded. Nothing happens with it.")
    if entry.draft is not None:
        return _editing(entry, round_)
    if step is not None and round_ is not None and posting is not None and posting.state == State.POSTED:
        return _of_step(round_, step)  # of a correction
    if posting is not None:
        return _of_posting(entry, posting)
    if round_ is None:
        return ""
    if step is not None:
        return _of_step(round_, step)
    if round_.state == Round.State.REJECTED:
        return _("It was rejected and goes no further, unless it is changed and sent again.")
    if round_.state == Round.State.APPROVED:
        return _("It is approved. Its flow posts nothing.")
    return _("It was taken back.")


def _editing(entry: Entry, round_: Round | None) -> str:
    name = entry.created_by.name
    if round_ and round_.state == Round.State.SENT_BACK:
        decision = Decision.objects.filter(step__round=round_).order_by("-at").first()
        text = _("%(name)s changes it and sends it again.") % {"name": name}
        return f"{text} “{decision.comment}”" if decision and decision.comment else text
    return _("It is being changed. %(name)s sends it for approval again.") % {"name": name}


def _of_step(round_: Round, step: Step) -> str:
    out = set(Decision.objects.filter(step__round=round_).values_list("by", flat=True))
    out |= {round_.entered_by_id, round_.submitted_by_id}
    asked = step.asked.select_related("user").order_by("user__name")
    people = [a.user.name for a in asked if a.user_id not in out]
    text = _("%(step)s decides: %(people)s.") % {"step": shipped.shown(step.name), "people": either(people)}
    later = list(round_.steps.filter(order__gt=step.order).values_list("name", flat=True))
    after = _("After that: %(steps)s.") % {"steps": ", ".join(shipped.shown(name) for name in later)}
    return f"{text} {after}" if later else text


def either(names: list[str]) -> str:
    """ "Ana, Bruno or Clara": one of them is enough."""
    if len(names) < 2:
        return "".join(names) or "—"
    return _("%(names)s or %(last)s") % {"names": ", ".join(names[:-1]), "last": names[-1]}


def _of_posting(entry: Entry, posting: Posting) -> str:
    if posting.reason in LOUD:
        return _needs(entry, posting)
    when = moments.at_moment(posting.next_try_at) if posting.next_try_at else ""
    waits = bool(posting.next_try_at and posting.next_try_at > timezone.now())
    if posting.state == State.QUEUED:
        account = posting.connection
        if account.state != Connection.State.CONNECTED:
            return _("It waits for the account %(account)s: %(state)s.") % {
                "account": account.name,
                "state": Connection.State(account.state).label.lower(),
            }
        if waits:
            return _("It is tried again %(when)s.") % {"when": when}
        return _("It is posted in a moment.")
    if posting.state == State.SENDING:
        return _("It is being posted now.")
    if posting.state == State.UNKNOWN:
        return _("It may have arrived. It is looked for in Conta Azul again %(when)s.") % {"when": when}
    if posting.state == State.POSTED:
        return _of_posted(posting)
    if posting.state == State.CANCELLED:
        return _("The posting was cancelled. Nothing happens unless the entry is changed and sent again.")
    return _needs(entry, posting)


def _needs(entry: Entry, posting: Posting) -> str:
    people = [person.name for person in menders(entry.company)]
    if getattr(posting, "owner", "") == Owner.ENTERED:
        people = [entry.created_by.name]
    return _("It needs a person: %(people)s.") % {"people": either(people)}


def _of_posted(posting: Posting) -> str:
    if posting.reason == BY_HAND and not posting.remote_event_id:
        return _("It was put into Conta Azul by hand. Which entry there it is has still to be said.")
    standing = Difference.objects.filter(posting=posting, settled_at=None, accepted_at=None)
    if standing.exists() and not standing.filter(correction=None).exists():
        people = [person.name for person in menders(posting.entry.company)]
        text = _("A correction left something that only a person can do in Conta Azul: %(people)s.")
        return text % {"people": either(people)}
    if standing.exists():
        people = [person.name for person in menders(posting.entry.company)]
        text = _("It stands otherwise in Conta Azul than it was approved. To look at it: %(people)s.")
        return text % {"people": either(people)}
    if returned.settled(posting):
        return _("It is in Conta Azul, and settled there. Nothing is left to do.")
    return _("It is in Conta Azul. Nothing is left to do.")
