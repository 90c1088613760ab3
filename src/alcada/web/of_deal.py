"""A receivable that comes from a deal: what it says is the deal's, and is changed there."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from alcada.directory.models import EntryKind
from alcada.intake.models import Entry
from alcada.people.models import User
from alcada.sales.models import Deal
from alcada.sales.queries import visible_deals
from alcada.web.guards import person


def deal_of(user: User, entry: Entry) -> Deal | None:
    """The entry's deal, if the person may see it."""
    if entry.kind != EntryKind.RECEIVABLE:
        return None
    return visible_deals(user).filter(entry=entry).first()


def elsewhere(request: HttpRequest, entry: Entry) -> HttpResponse | None:
    """The answer to whoever would change a deal's receivable on its own page. None: it is no deal's."""
    deal = deal_of(person(request), entry)
    if deal is None:
        return None
    text = _("What this receivable says is changed on its deal: reopen it, change it, win it again.")
    messages.info(request, text)
    return redirect("deal", deal.pk)


def next_words(deal: Deal | None, entry: Entry) -> str:
    """What happens next with one that was set aside."""
    if deal is None or entry.discarded_at is None:
        return ""
    return _("Its deal is open again. It is taken up once the deal is won.")
