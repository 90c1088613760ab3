"""Addresses written below the pages are those of the pages."""

import subprocess
import sys

from django.urls import reverse

from alcada import links


def test_links_are_the_pages_own_addresses() -> None:
    assert links.entry(7) == reverse("entry", args=[7])
    assert links.entry(7, "posting") == reverse("entry", args=[7]) + "#posting"
    assert links.decide(7) == reverse("decide", args=[7])
    assert links.connection(7) == reverse("connection", args=[7])
    assert links.mapping(7) == reverse("mapping", args=[7])
    assert links.consent("aB_-9") == reverse("consent", args=["aB_-9"])
    assert links.invitation("aB_-9") == reverse("invitation", args=["aB_-9"])
    assert links.welcome("aB.-9") == reverse("welcome", args=["aB.-9"])


def test_a_worker_does_not_load_the_pages() -> None:
    """They cost it memory and a quarter of its start."""
    code = (
        "import sys, django; django.setup(); import alcada.flow.dispatcher, alcada.jobs.tasks; "
        "sys.exit(any(each in sys.modules for each in ('alcada.web.urls', 'fido2', 'requests')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
