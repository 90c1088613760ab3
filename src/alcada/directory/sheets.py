"""Whom the lines of a spreadsheet mean: name, CPF/CNPJ and e-mail, read and checked. No database."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from alcada.directory import documents
from alcada.directory.models import Party
from alcada.sentences import document_sentence
from alcada.sheets import values
from alcada.sheets.cell import Cell
from alcada.sheets.lines import LineReader, Problem, Row

LONGEST: Final = {"party": 200, "email": 100}


@dataclass
class Said:
    """What the lines of one thing say of whom it is with; of what it is, each kind of row says more."""

    rows: Sequence[Row]
    name: str = ""
    document: str = ""
    email: str = ""
    zeros_lost: str = ""  # the CPF or CNPJ as it was before a spreadsheet took its zeros
    problems: list[Problem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)
    party: Party | None = None  # once the directory was asked

    @property
    def number(self) -> int:
        return self.rows[0].number

    def who(self) -> str:
        """Whom it means, for a mark: the same whether the number stands there or only the name that has it."""
        who = self.document or documents.normalise_name(self.name)
        return (self.party.document or who) if self.party and not self.document else who


def read_who(reader: LineReader, found: Said) -> None:
    """Into `found` the columns `party`, `document` and `email`."""

    def document(row: Row, cell: Cell) -> str:
        return _document(reader, found, row, cell)

    found.name = reader.shared("party", reader.text)
    found.email = reader.shared("email", reader.text)
    found.document = reader.shared("document", document)
    first = reader.rows[0]
    if not found.name and not found.document and not reader.told("party", "document"):
        reader.wrong(first, "party", _("Say who it is: the name, the CPF/CNPJ, or both."))
    reader.limit("party", found.name, LONGEST["party"])
    reader.limit("email", found.email, LONGEST["email"])
    if found.name and not documents.normalise_name(found.name):
        reader.wrong(first, "party", _("A name has letters or digits."))
    if found.email:
        try:
            validate_email(found.email)
        except ValidationError:
            reader.wrong(first, "email", _("This is no e-mail address."))


def _document(reader: LineReader, found: Said, row: Row, cell: Cell) -> str:
    typed = values.number(cell)
    try:
        return documents.check(typed)
    except documents.DocumentError as error:
        whole = with_zeros(typed)
        if whole and reader.options.get("zeros"):
            return whole
        if whole:
            found.zeros_lost = whole
            sentence = _("Leading zeros were lost: it is probably %(document)s.")
            reader.wrong(row, "document", sentence % {"document": documents.format(whole)})
        else:
            reader.wrong(row, "document", document_sentence(error.code))
        return ""


def with_zeros(typed: str) -> str:
    """The only CPF or CNPJ that this is without its leading zeros; empty where it is none, or may be both."""
    digits = documents.normalise(typed)
    if not digits.isdigit() or not 6 <= len(digits) < documents.CNPJ_LENGTH:
        return ""
    lengths = [length for length in (documents.CPF_LENGTH, documents.CNPJ_LENGTH) if len(digits) < length]
    found = [whole for length in lengths if documents.is_valid(whole := digits.zfill(length))]
    return found[0] if len(found) == 1 else ""
