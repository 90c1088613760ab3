#!/usr/bin/env python
"""Every e-mail as a picture, in both languages: HTML at two widths, and the plain text.

    ALCADA_HOME=… .venv/bin/python scripts/mail_pictures.py --to FOLDER       what this database's people were sent
    .venv/bin/python scripts/mail_pictures.py --to FOLDER --samples             one of each kind, made up; some hostile

Of a database (the demo's, say): the latest notices of each kind, every digest that was sent, and the digest that each
person would get now. Letters about access (invitation, password, consent link) are made up in both: a real one's link
would be drawn anew. Nothing is sent.
"""

import argparse
import os
import sys
import uuid
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import mail_samples
from mail_samples import DIGEST, HOSTILE, ONLY, SAMPLE
from screenshots import ARGUMENTS, _chromium

WIDTHS = {"desk": 720, "phone": 390}
LANGUAGES = ("pt-br", "en")


def main() -> None:
    options = _options()
    options.to.mkdir(parents=True, exist_ok=True)
    _setup(samples=options.samples)
    letters = [*(_samples() if options.samples else _of_database(options.each)), *_access()]
    for name, message in letters:
        (options.to / f"{name}.txt").write_text(f"{message.subject}\n\n{message.body}", "utf-8")
        (options.to / f"{name}.html").write_text(message.alternatives[0].content, "utf-8")
    _picture(options.to, [name for name, _message in letters])


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--to", type=Path, default=Path("mail-pictures"))
    parser.add_argument("--samples", action="store_true", help="made up, without a database")
    parser.add_argument("--each", type=int, default=1, help="so many notices of each template (default 1)")
    return parser.parse_args()


def _setup(*, samples: bool) -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alcada.config.settings")
    if samples:
        os.environ.setdefault("DATABASE_URL", "postgresql://nowhere/none")
    else:
        from alcada.config import database

        database.ensure_running()
    import django

    django.setup()


def _of_database(each: int) -> Iterator[tuple[str, Any]]:
    from django.db import transaction

    from alcada.notify import notice_letters, words
    from alcada.notify.models import Letter, Notice
    from alcada.people.models import User

    for template in words.WORDINGS:
        found = Notice.objects.filter(template=template).select_related("user", "company").order_by("-pk")
        for notice in found[:each]:
            yield from _both(
                f"{template}-{notice.pk}", notice.user, lambda one=notice: notice_letters.content_of([one])
            )
    for user in User.objects.filter(is_active=True):
        some = list(Notice.objects.filter(user=user, template="asked").select_related("user")[:12])
        if len(some) > 1:
            yield from _both(f"several-{user.pk}", user, lambda these=some: notice_letters.content_of(these))
    for letter in Letter.objects.filter(about="digest").select_related("user").order_by("pk"):
        yield from _both(
            f"digest-sent-{letter.created_at:%Y%m%d}-{letter.user_id}", letter.user, _digest(letter)
        )
    for user in User.objects.filter(is_active=True).order_by("pk"):
        content = _digest_of_now(user)
        if content:
            yield from _both(f"digest-now-{user.pk}", user, _digest(Letter(user=user, content=content)))
    transaction.get_connection().close()


def _digest(letter: Any) -> Any:
    from alcada.notify import digest_letters

    companies = set(letter.user.memberships.values_list("company_id", flat=True))
    return lambda: digest_letters.content_of(letter.user, letter.content, companies)


def _digest_of_now(user: Any) -> Any:
    """Of the last thirty days: a month of the demo in one."""
    from django.utils import timezone

    from alcada.flow import digest
    from alcada.notify import digests

    since = timezone.now() - timedelta(days=30)
    told = digests.told_since(user.pk, since)
    return digest.content(user, since=since, day=timezone.localdate(), told=told)


def _samples() -> Iterator[tuple[str, Any]]:
    from alcada.notify import digest_letters, notice_letters, words
    from alcada.notify.models import Notice
    from alcada.people.models import User

    user = User(pk=7, name="Bruno Carvalho", email="bruno@padaria.example")

    def notice(template: str, **data: Any) -> Notice:
        only = {name: value for name, value in SAMPLE.items() if template in ONLY.get(name, (template,))}
        return Notice(user=user, template=template, data={**only, **data}, link="/entries/118")

    for template in words.WORDINGS:
        one = notice(template)
        yield from _both(template.replace("_", "-"), user, lambda this=one: notice_letters.content_of([this]))
    for place, hostile in enumerate(HOSTILE):
        one = notice(
            "asked", party=hostile, description=hostile, company=hostile, documents=[hostile, "boleto.pdf"]
        )
        yield from _both(f"hostile-{place}", user, lambda this=one: notice_letters.content_of([this]))
    several = [
        notice("asked", party=f"Fornecedor {number} Ltda", amount=f"{number * 137}.90")
        for number in range(1, 31)
    ]
    yield from _both("several", user, lambda: notice_letters.content_of(several))
    yield from _both("digest", user, lambda: digest_letters.content_of(user, DIGEST, {1, 2}))


def _access() -> Iterator[tuple[str, Any]]:
    from alcada.people.models import User

    user = User(name="Bruno Carvalho", email="bruno@padaria.example")
    for name, content in mail_samples.access().items():
        yield from _both(f"access-{name}", user, content)


def _both(name: str, user: Any, content: Any) -> Iterator[tuple[str, Any]]:
    from django.utils import translation

    from alcada.notify import letters

    for language in LANGUAGES:
        with translation.override(language):
            made = content()
            if made is None:
                continue
            if made.about:  # what somebody can unsubscribe from says how
                yield f"{name}-{language}", letters.message(uuid.UUID(int=1), user, made)
            else:
                yield f"{name}-{language}", letters.built(user.email, made)


def _picture(folder: Path, names: list[str]) -> None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=ARGUMENTS)
        for width_name, width in WIDTHS.items():
            context = browser.new_context(viewport={"width": width, "height": 400}, offline=True)
            page = context.new_page()
            for name in names:
                page.goto((folder / f"{name}.html").resolve().as_uri())
                extra = page.evaluate(
                    "document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth"
                )
                file = folder / f"{name}-{width_name}.png"
                page.screenshot(path=file, full_page=True)
                print(file, f"  SCROLLS SIDEWAYS by {extra} px" if extra else "")
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
