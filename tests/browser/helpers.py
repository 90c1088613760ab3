"""What browser tests share: being signed in, accessibility, the width of a phone."""

import time
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.conf import settings
from django.test import Client

from alcada.people.models import User

if TYPE_CHECKING:
    from playwright.sync_api import Page

# axe-core 4.14.1 (MPL-2.0), as published: sha256 29348999450cdf2849a8e70b7912fc2da85a849da39c0d0d5394f51d4a9ed95c
_AXE = Path(__file__).with_name("axe.min.js")
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def sign_in(page: "Page", user: User, live: str) -> None:
    """Give the browser a session of this person, without the form."""
    client = Client()
    client.force_login(user)
    session = client.session  # just now, with a password: some pages ask for that anew
    session["account_authentication_methods"] = [{"method": "password", "at": time.time()}]
    session["account_authentication_methods_user"] = str(user.pk)
    session.save()
    name = settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live}])


def violations(page: "Page") -> list[str]:
    """What axe-core finds wrong on the page as it is now, one line each."""
    page.evaluate(_AXE.read_text())
    # Left out is what it does for what is well, and style sheets that it would load once more for no rule of these.
    options = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["violations"], "preload": False}
    found = page.evaluate("options => axe.run(document, options).then(r => r.violations)", options)
    return [
        f"{issue['id']}: {issue['help']} ({', '.join(str(node['target']) for node in issue['nodes'])})"
        for issue in found
    ]


def sideways(page: "Page") -> int:
    """By how many pixels the page is wider than the window; 0: nothing scrolls sideways."""
    return int(page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"))


# Buttons whose words don't fit, and what is pressed but smaller than WCAG 2.2 (2.5.8) asks for. Links within a
# sentence are excepted there; a table's row is its link.
_CRAMPED = """
() => {
  const seen = (each) => each.checkVisibility({visibilityProperty: true}) && each.getBoundingClientRect().width > 0;
  const named = (each) => each.textContent.trim().slice(0, 40) || each.name || each.className;
  const cut = [...document.querySelectorAll(".btn, .tabs-line a")]
    .filter((each) => seen(each) && !each.matches(".visually-hidden") && each.scrollWidth > each.clientWidth + 1)
    .map((each) => "cut: " + named(each));
  const small = [...document.querySelectorAll("a[href], button, summary, select, input:not([type=hidden])")]
    .filter((each) => seen(each) && getComputedStyle(each).display !== "inline")
    .filter((each) => !each.matches("[type=checkbox], [type=radio], .visually-hidden, .skip-link, .day-picker"))
    .filter((each) => {
      const box = (each.matches(".row-link") ? each.closest("tr") : each).getBoundingClientRect();
      return Math.min(box.width, box.height) < 23.5;
    })
    .map((each) => "small: " + named(each));
  return [...cut, ...small];
}
"""


def cramped(page: "Page") -> list[str]:
    """Buttons whose words are cut off, and targets too small for a finger."""
    return [str(each) for each in page.evaluate(_CRAMPED)]


def assert_good(page: "Page") -> None:
    """Accessible, not wider than the window, nothing cut off or too small to press."""
    assert violations(page) == []
    assert sideways(page) == 0, urlsplit(page.url).path
    assert cramped(page) == [], urlsplit(page.url).path
