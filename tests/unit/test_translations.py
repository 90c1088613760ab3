"""The Portuguese catalogue is complete, and what is compiled is what is written. Without GNU gettext."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils.translation.template import templatize

HOUSE = Path(__file__).parents[2] / "src" / "alcada"
CATALOGUE = HOUSE / "locale" / "pt_BR" / "LC_MESSAGES" / "django.po"
MARKS = {"gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy", "pgettext", "pgettext_lazy"}
# Singular and plural, by how many of the first arguments are text.
TEXTS = {"ngettext": 2, "ngettext_lazy": 2, "pgettext": 2, "pgettext_lazy": 2}
_FIELD = re.compile(r'(msgctxt|msgid_plural|msgid|msgstr(?:\[\d\])?) (".*")')
_PLACE = re.compile(r"%\(\w+\)[sd]|\{\w*\}")


def read_po(text: str) -> Iterator[dict[str, str]]:
    """Each message of a .po file as its fields; "flags" holds the comment lines that start with "#,"."""
    for block in text.split("\n\n"):
        fields: dict[str, str] = {"flags": ""}
        current = ""
        for line in block.splitlines():
            if line.startswith("#,"):
                fields["flags"] += line
            elif found := _FIELD.fullmatch(line):
                current = found[1]
                fields[current] = ast.literal_eval(found[2])
            elif line.startswith('"'):
                fields[current] += ast.literal_eval(line)
        if fields.get("msgid"):
            yield fields


MESSAGES = list(read_po(CATALOGUE.read_text()))
KNOWN = {m["msgid"] for m in MESSAGES}


def translations(message: dict[str, str]) -> list[str]:
    return [value for name, value in message.items() if name.startswith("msgstr")]


def test_every_message_is_translated() -> None:
    assert [m["msgid"] for m in MESSAGES if not all(translations(m))] == []


def test_no_message_is_a_guess() -> None:
    assert [m["msgid"] for m in MESSAGES if "fuzzy" in m["flags"]] == []


def test_translations_fill_in_the_same_values() -> None:
    wrong = []
    for m in MESSAGES:
        allowed = {*_PLACE.findall(m["msgid"]), *_PLACE.findall(m.get("msgid_plural", ""))}
        # One file, one day: a translation may leave a number out, in the singular only.
        needed = set() if "msgid_plural" in m else allowed
        for text in translations(m):
            if not needed <= set(_PLACE.findall(text)) <= allowed:
                wrong.append((m["msgid"], text))
    assert wrong == []


def test_compiled_catalogue_says_what_the_written_one_says() -> None:
    with CATALOGUE.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    stale = [
        m["msgid"]
        for m in MESSAGES
        if (
            [compiled.ngettext(m["msgid"], m["msgid_plural"], n) for n in (1, 2)]
            if "msgid_plural" in m
            else [compiled.gettext(m["msgid"])]
        )
        != translations(m)
    ]
    assert stale == [], "run make messages"


def marked_in_python(source: str) -> Iterator[str]:
    tree = ast.parse(source)
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
            names |= {(a.asname or a.name): a.name for a in node.names if a.name in MARKS}
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names):
            continue
        mark = names[node.func.id]
        for argument in node.args[: TEXTS.get(mark, 1)][-1 if mark.startswith("p") else 0 :][:1]:
            if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                yield argument.value


def marked_in_template(source: str) -> Iterator[str]:
    for found in re.finditer(
        r"""\bn?gettext\(u?((?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))""", templatize(source)
    ):
        yield ast.literal_eval(found[1])
    for found in re.finditer(r"""\b_\(("[^"]*"|'[^']*')\)""", source):
        yield ast.literal_eval(found[1])


def test_every_marked_string_is_in_the_catalogue() -> None:
    marked: dict[str, Path] = {}
    for path in HOUSE.rglob("*.py"):
        marked |= dict.fromkeys(marked_in_python(path.read_text()), path)
    for path in [*HOUSE.rglob("templates/**/*.html"), *HOUSE.rglob("templates/**/*.txt")]:
        marked |= dict.fromkeys(marked_in_template(path.read_text()), path)
    assert len(marked) > 500
    missing = {text: str(path.relative_to(HOUSE)) for text, path in marked.items() if text not in KNOWN}
    assert missing == {}, "run make messages, then translate"


def test_finds_what_is_marked() -> None:
    python = (
        "from django.utils.translation import gettext as _\nfrom django.utils.translation import ngettext\n"
    )
    assert list(marked_in_python(python + "_('a'); ngettext('b', 'c', 2); f('d')")) == ["a", "b"]
    template = "{% load i18n %}{% translate 'a' %}{% blocktranslate count n=1 %}b{% plural %}c{% endblocktranslate %}"
    assert set(marked_in_template(template + '{% include "x" with y=_("d") %}')) >= {"a", "b", "d"}


@pytest.mark.parametrize("word", ["usuario", "nao ", "voce", "lancamento"])
def test_spelling_keeps_its_accents(word: str) -> None:
    assert [t for m in MESSAGES for t in translations(m) if word in t.lower()] == []
