"""A browser's own words for itself, in a person's: "Chrome, Windows"."""

import re
from typing import Final

from django.http import HttpRequest
from django.utils.translation import gettext as _

# The first that fits: later ones pretend to be the earlier.
_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox|FxiOS", "Firefox"),
    ("Chrome|Chromium|CriOS", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("Windows", "Windows"),
    ("CrOS", "ChromeOS"),
    ("Mac OS X|Macintosh", "Mac"),
    ("Linux|X11", "Linux"),
)


def in_words(user_agent: str) -> str:
    found = [_first(_BROWSERS, user_agent), _first(_SYSTEMS, user_agent)]
    return ", ".join(each for each in found if each) or _("An unknown browser")


def name_of(request: HttpRequest) -> str:
    return in_words(request.headers.get("User-Agent", ""))


def is_phone(user_agent: str) -> bool:
    return bool(re.search("iPhone|Android.*Mobile", user_agent))


def _first(names: tuple[tuple[str, str], ...], text: str) -> str:
    return next((name for pattern, name in names if re.search(pattern, text)), "")
