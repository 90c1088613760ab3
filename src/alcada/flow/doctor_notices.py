"""The examination of e-mail, and of history against what was sent of it."""

from collections.abc import Iterator
from datetime import timedelta

from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.flow.findings import Finding
from alcada.history import checkpoints
from alcada.history.models import Checkpoint
from alcada.notify.models import Letter
from alcada.people.models import Company

LATE = timedelta(minutes=15)
LATELY = timedelta(days=2)


def letters() -> Iterator[Finding]:
    if not settings.EMAIL_CONFIGURED:
        yield Finding(
            "warning",
            "mail",
            _("No mail server is set: notices stay in the product, and nobody gets a digest."),
            _("Set ALCADA_SMTP_URL and start the product again."),
            code="no_mail_server",
        )
        return
    now = timezone.now()
    late = Letter.objects.filter(state=Letter.State.WAITING, created_at__lt=now - LATE).count()
    failed = Letter.objects.filter(state=Letter.State.FAILED, created_at__gt=now - LATELY)
    if late:
        yield Finding(
            "problem",
            "mail",
            _("E-mails that could not be handed to the mail server for a quarter of an hour: %(count)s.")
            % {"count": late},
            _("See whether the mail server answers, and whether it accepts user and password."),
            code="mail_waits",
            facts={"count": late},
        )
    if count := failed.count():
        codes = ", ".join(sorted(set(failed.values_list("error", flat=True))))
        yield Finding(
            "warning",
            "mail",
            _("E-mails of the last two days that could not be sent: %(count)s (%(codes)s).")
            % {"count": count, "codes": codes},
            _("See whether the people's addresses are right. What they said is in the product."),
            code="mail_failed",
            facts={"count": count, "codes": codes},
        )
    if not late and not count:
        yield Finding("ok", "mail", _("E-mails leave."), code="mail")


def sent_checkpoints() -> Iterator[Finding]:
    """Of each company the latest that was sent; those in mailboxes are checked by `alcada checkpoint`."""
    with_some = Company.objects.filter(pk__in=Checkpoint.objects.values("company"))
    good = 0
    for company in with_some:
        verdict = checkpoints.verify_stored(company)
        if verdict is None or verdict.good:
            good += 1
            continue
        yield Finding(
            "problem",
            "history",
            _("%(company)s: history is not what its last checkpoint, sent by e-mail, says.")
            % {"company": company.name},
            _(
                "Somebody changed the database by hand, or an older backup was restored. Compare with a backup."
            ),
            code="checkpoint_differs",
            facts={"company": company.pk, "what": verdict.what},
        )
    if good:
        yield Finding(
            "ok",
            "history",
            _("Companies whose history still is what their last checkpoint says: %(count)s.")
            % {"count": good},
            code="checkpoints",
            facts={"count": good},
        )
