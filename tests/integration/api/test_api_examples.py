"""What docs/api.md tells people to type is typed here, against a real server; both languages tell the same."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from alcada.api.problems import CODES
from alcada.directory.actions import save_party
from alcada.posting.models import Posting
from alcada.sales.models import Deal
from alcada.tokens.rules import SCOPES

DOCS = Path(__file__).parents[3] / "docs"
PAGES = {name: (DOCS / name).read_text() for name in ("api.md", "api.pt-BR.md")}


def commands(text: str) -> list[str]:
    blocks = re.findall(r"(?:^    .*\n)+", text, re.MULTILINE)
    lines = ["\n".join(line[4:] for line in block.splitlines()) for block in blocks]
    return [block for block in lines if block.startswith("curl")]


def test_both_languages_tell_the_same() -> None:
    english, portuguese = (commands(text) for text in PAGES.values())
    assert english == portuguese
    assert len(english) == 10


@pytest.mark.parametrize("name", PAGES)
def test_every_scope_and_code_is_told(name: str) -> None:
    assert [one for one in (*SCOPES, *CODES) if f"`{one}`" not in PAGES[name]] == []


@pytest.mark.django_db(transaction=True)
def test_the_examples_work(live_server: Any, call: Any, world: Any, tmp_path: Path) -> None:
    if shutil.which("curl") is None:
        pytest.skip("there is no curl here")
    (tmp_path / "nota.pdf").write_bytes(b"%PDF-1.7\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n")
    save_party(world.company, name=world.vendor.name, document=world.vendor.document, is_customer=True)
    tokens = {"ana": call(world.ana).token, "bruno": call(world.bruno).token}
    ids = {"entry": "1", "step": "1", "hash": "…"}
    answers = []
    for command in commands(PAGES["api.md"]):
        typed = (
            command.replace('"company": 1,', f'"company": {world.company.pk},')
            .replace('{"category": 1}', f'{{"category": {world.category.pk}}}')
            .replace('"customer": 1', f'"customer": {world.vendor.pk}')
            .replace("/entries/1", f"/entries/{ids['entry']}")
            .replace("entry=1", f"entry={ids['entry']}")
            .replace("/inbox/1", f"/inbox/{ids['step']}")
            .replace('"…"', f'"{ids["hash"]}"')
        )
        ran = subprocess.run(
            ["bash", "-c", typed.replace("curl ", "curl -sS --fail-with-body ", 1)],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env={
                "PATH": "/usr/bin:/bin",
                "ALCADA": f"{live_server.url}/api/v1",
                "TOKEN": tokens["bruno" if "/inbox" in typed else "ana"],
            },
        )
        assert ran.returncode == 0, (typed, ran.stdout, ran.stderr)
        answer = json.loads(ran.stdout)
        answers.append(answer)
        if "erp-4711" in command:
            assert (answer["problems"], answer["questions"]) == ({}, [])
            ids["entry"] = str(answer["id"])
        if command.startswith('curl "$ALCADA/inbox" '):
            (asked,) = answer["items"]
            ids |= {"step": str(asked["id"]), "hash": asked["revision_hash"]}
    assert answers[0]["items"][0]["id"] == world.category.pk
    assert Posting.objects.get().entry_id == int(ids["entry"])
    history, found, deal = answers[-3:]
    assert [one["id"] for one in found["items"]] == [int(ids["entry"])]
    assert history["chain"]["head"] == history["items"][-1]["hash"]
    assert (Deal.objects.get().pk, deal["customer"]["id"], deal["state"]) == (
        deal["id"],
        world.vendor.pk,
        "open",
    )
