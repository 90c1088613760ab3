#!/usr/bin/env python
"""The pictures of docs/ and the READMEs, made anew from the demo, so that they stay true.

    CHROMIUM=$(scripts/browser) .venv/bin/python scripts/docs_pictures.py

Runs a demo of its own in a temporary folder, in both languages: docs/images/NAME.png and NAME.pt-BR.png.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from playwright.sync_api import sync_playwright

sys.path.insert(0, str(Path(__file__).resolve().parent))
from screenshots import ARGUMENTS, _choose_language, _chromium, _sign_in

from alcada.config.processes import free_port

IMAGES: Final = Path(__file__).resolve().parent.parent / "docs" / "images"
ANA, BRUNO, CLARA = (f"{name}@padaria.example" for name in ("ana", "bruno", "clara"))
# Name, whose page, its address, width, height.
PICTURES: Final = (
    ("entry", CLARA, "/entries/3", 1280, 900),
    ("inbox", BRUNO, "/inbox", 1280, 560),
    ("inbox-phone", BRUNO, "/inbox", 390, 700),
    ("entries", CLARA, "/entries", 1280, 640),
    ("entering", ANA, "/entries/new/payable?company=1", 1280, 900),
    ("importing", ANA, "/entries/imports", 1280, 640),
    ("sales", ANA, "/sales", 1280, 720),
    ("home", BRUNO, "/", 1280, 640),
    ("notices", BRUNO, "/notices/settings", 1280, 800),
    ("signing-in", CLARA, "/profile/signing-in", 1280, 900),
    ("connect-application", CLARA, "/connections/application", 1280, 760),
    ("connect-new", CLARA, "/connections/new?company=1", 1280, 560),
    ("connect-done", CLARA, "/connections/1", 1280, 800),
    ("mapping", CLARA, "/connections/1/mapping", 1280, 640),
)


def main() -> None:
    port, sandbox = free_port(), free_port()
    with tempfile.TemporaryDirectory(prefix="alcada-pictures-") as home:
        command = [
            sys.executable,
            "-m",
            "alcada",
            "demo",
            "--port",
            str(port),
            "--sandbox-port",
            str(sandbox),
        ]
        demo = subprocess.Popen(
            command, env=os.environ | {"ALCADA_HOME": home}, stdout=subprocess.PIPE, text=True
        )
        try:
            _until_up(demo)
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=_chromium(), args=ARGUMENTS)
                for language, ending in (("en", ""), ("pt-br", ".pt-BR")):
                    _take(browser, f"http://localhost:{port}", language, ending)
                browser.close()
        finally:
            demo.terminate()
            demo.wait(60)


def _until_up(demo: "subprocess.Popen[str]") -> None:
    assert demo.stdout is not None
    for line in demo.stdout:
        if "Ctrl+C" in line:
            return
    raise SystemExit("the demo did not come up")


def _take(browser: Any, address: str, language: str, ending: str) -> None:
    people = {one for _name, one, *_rest in PICTURES}
    for person in sorted(people):
        context = browser.new_context(
            base_url=address,
            locale="pt-BR" if language == "pt-br" else "en-GB",
            timezone_id="America/Sao_Paulo",
            color_scheme="light",
            reduced_motion="reduce",
        )
        _choose_language(context, address, language)
        page = context.new_page()
        _sign_in(page, person, "demo", language)
        for name, whose, path, width, height in PICTURES:
            if whose != person:
                continue
            page.set_viewport_size({"width": width, "height": height})
            page.goto(path)
            page.wait_for_load_state("networkidle")
            page.screenshot(path=IMAGES / f"{name}{ending}.png")
            print(IMAGES / f"{name}{ending}.png")
        context.close()


if __name__ == "__main__":
    main()
