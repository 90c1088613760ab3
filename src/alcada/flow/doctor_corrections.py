"""The examination of corrections: does one wait for a person, or for a worker that does not take it?"""

from collections.abc import Iterator
from datetime import timedelta
from typing import Final

from django.utils import timezone
from django.utils.translation import gettext as _

from alcada.flow.corrected import STOPPED
from alcada.flow.findings import Finding
from alcada.posting import corrections
from alcada.posting.models import Correction

LATE: Final = timedelta(minutes=5)


def examine() -> Iterator[Finding]:
    if count := Correction.objects.filter(state__in=STOPPED).count():
        yield Finding(
            "warning",
            "postings",
            _("Corrections that a person has to decide: %(count)s.") % {"count": count},
            _("Open Differences: they stand on top, and each says what to do."),
            code="corrections_stopped",
            facts={"count": count},
        )
    if count := corrections.due().filter(next_try_at__lt=timezone.now() - LATE).count():
        yield Finding(
            "problem",
            "postings",
            _("Corrections that should have been made by now: %(count)s.") % {"count": count},
            _("See whether a worker runs."),
            code="corrections_late",
            facts={"count": count},
        )
