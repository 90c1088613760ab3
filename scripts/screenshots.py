#!/usr/bin/env python
"""Pictures of pages at desk and phone width, in both languages.

    .venv/bin/python scripts/screenshots.py http://localhost:8000 --email … --password … --to FOLDER / /entries

One PNG per page, width, language and theme: `entries-390-pt-br-light.png`. Pages for strangers: leave e-mail out.
"""

import argparse
import os
import re
import shutil
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--disable-quic",
]
HEIGHTS = {1280: 800, 390: 844}


def main() -> None:
    options = _options()
    options.to.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=_chromium(), args=ARGUMENTS)
        for width in options.width:
            for language in options.language:
                _walk(browser, options, width, language)
        browser.close()


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("address")
    parser.add_argument("pages", nargs="+")
    parser.add_argument("--email", default="")
    parser.add_argument("--password", default="")
    parser.add_argument("--to", type=Path, default=Path("screenshots"))
    parser.add_argument("--width", type=int, nargs="+", default=[1280, 390])
    parser.add_argument("--language", nargs="+", default=["pt-br", "en"])
    parser.add_argument("--theme", choices=["light", "dark"], default="light")
    parser.add_argument("--whole", action="store_true", help="the whole page, not what fits the window")
    return parser.parse_args()


def _chromium() -> str | None:
    names = ("chromium", "chromium-browser", "google-chrome")
    return os.environ.get("CHROMIUM") or next((path for name in names if (path := shutil.which(name))), None)


def _walk(browser: Browser, options: argparse.Namespace, width: int, language: str) -> None:
    context = browser.new_context(
        base_url=options.address,
        viewport={"width": width, "height": HEIGHTS.get(width, 800)},
        device_scale_factor=2 if width < 500 else 1,
        locale="pt-BR" if language == "pt-br" else "en-GB",
        timezone_id="America/Sao_Paulo",
        color_scheme=options.theme,
        reduced_motion="reduce",
    )
    _choose_language(context, options.address, language)
    page = context.new_page()
    if options.email:
        _sign_in(page, options.email, options.password, language)
    for path in options.pages:
        page.goto(path)
        page.wait_for_load_state("networkidle")
        name = re.sub(r"[^a-z0-9]+", "-", path.lower()).strip("-") or "home"
        file = options.to / f"{name}-{width}-{language}-{options.theme}.png"
        page.screenshot(path=file, full_page=options.whole)
        _say_if_sideways(page, file)
    context.close()


def _choose_language(context: BrowserContext, address: str, language: str) -> None:
    context.add_cookies([{"name": "django_language", "value": language, "url": address}])


def _sign_in(page: Page, email: str, password: str, language: str) -> None:
    page.goto("/sign-in")
    page.locator("#id_email").fill(email)
    page.locator("#id_password").fill(password)
    page.locator("main form:has(#id_email) button").click()
    page.wait_for_url(lambda address: "/sign-in" not in address)
    other = page.locator(f'form[action="/language"] button[value="{language}"]').first
    if other.count():  # the person's own choice is the other language
        other.evaluate("button => button.form.requestSubmit(button)")
        page.wait_for_load_state("networkidle")


def _say_if_sideways(page: Page, file: Path) -> None:
    extra = page.evaluate("document.scrollingElement.scrollWidth - document.scrollingElement.clientWidth")
    print(file, f"  SCROLLS SIDEWAYS by {extra} px" if extra else "")


if __name__ == "__main__":
    main()
