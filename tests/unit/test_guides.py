"""The documentation leads where it says, and the pages for people quote the product's pages word for word."""

import ast
import re
from pathlib import Path
from urllib.parse import unquote

import pytest

HOUSE = Path(__file__).parents[2]
CATALOGUE = HOUSE / "src" / "alcada" / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"
PAGES = [
    *HOUSE.glob("*.md"),
    *HOUSE.glob("docs/**/*.md"),
    *HOUSE.glob("src/**/*.md"),
    *HOUSE.glob("models/*.md"),
]
# Where **bold** is the name of something on a page; a head that runs into its sentence ends in a full stop.
GUIDES = [*HOUSE.glob("docs/start*.md"), *HOUSE.glob("docs/role-*.md")]
NOT_OURS = {"conta azul", "the company", "a empresa", "ana", "bruno", "clara"}


def without_code(text: str) -> str:
    text = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
    return re.sub(r"`[^`\n]*`", "", re.sub(r"^ {4,}\S.*$", "", text, flags=re.M))


def anchors(page: Path) -> set[str]:
    """As GitHub makes them of the headings."""
    heads = re.findall(r"^#+ +(.+)$", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.S | re.M), re.M)
    plain = (re.sub(r"\[([^]]*)]\([^)]*\)", r"\1", head) for head in heads)
    return {re.sub(r"[^\w\- ]", "", head.strip().lower()).replace(" ", "-") for head in plain}


def dead(page: Path) -> list[str]:
    found = []
    for target in re.findall(r"]\(([^)\s]+)\)", without_code(page.read_text())):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = unquote(target).partition("#")
        there = (page.parent / path).resolve() if path else page
        if not there.exists() or (anchor and there.suffix == ".md" and anchor not in anchors(there)):
            found.append(target)
    return found


def test_no_link_is_dead() -> None:
    assert {str(page.relative_to(HOUSE)): links for page in PAGES if (links := dead(page))} == {}


def test_a_dead_link_is_found(tmp_path: Path) -> None:
    page = tmp_path / "a.md"
    page.write_text("# Here it is\n[1](#here-it-is) [2](a.md#nowhere) [3](b.md) [4](https://x.example/y)\n")
    assert dead(page) == ["a.md#nowhere", "b.md"]


def plain(text: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"%\(\w+\)s", "", text)).strip(" .:?…").lower()


def texts(field: str) -> set[str]:
    quoted = re.findall(rf'^{field} (".*")$', CATALOGUE.read_text(), re.M)
    return {plain(ast.literal_eval(one)) for one in quoted}


OURS = {"en": texts(r"msgid(?:_plural)?"), "pt": texts(r"msgstr(?:\[\d])?")}


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_a_guide_quotes_the_pages(guide: Path) -> None:
    known = OURS["pt" if guide.name.endswith(".pt-BR.md") else "en"] | NOT_OURS
    text = without_code(guide.read_text())
    names = [one for one in re.findall(r"\*\*([^*]+)\*\*", text) if not one.endswith(".")]
    wrong = [one for one in names if not {plain(part) for part in one.split("→")} <= known]
    sentences = [plain(one) for one in re.findall(r"“([^”]+)”", text)]
    wrong += [one for one in sentences if not any(one in whole for whole in known)]
    assert len(names) > 5
    assert wrong == []


@pytest.mark.parametrize(
    "guide", [one for one in GUIDES if "pt-BR" not in one.name], ids=lambda one: one.name
)
def test_a_guide_is_there_in_both_languages(guide: Path) -> None:
    other = guide.with_name(guide.name.replace(".md", ".pt-BR.md")).read_text()
    assert [line.count("|") for line in guide.read_text().splitlines() if line.startswith("|")] == [
        line.count("|") for line in other.splitlines() if line.startswith("|")
    ]
