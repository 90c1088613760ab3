"""CPF and CNPJ, also with letters, and names as they are compared. No database.

A document is kept and compared as its 11 (CPF) or 14 (CNPJ) characters, without punctuation, in capitals.
From July 2026 a CNPJ may have letters in its first twelve places (Instrução Normativa RFB 2.229/2024): each
character counts as its ASCII code minus 48, and the two check digits, modulus 11 as before, stay digits.
The check digits are python-stdnum's.
"""

import re
import unicodedata
from typing import Final, Literal

from stdnum.br import cnpj as stdnum_cnpj
from stdnum.br import cpf as stdnum_cpf

Kind = Literal["cpf", "cnpj"]

CPF_LENGTH: Final = 11
CNPJ_LENGTH: Final = 14


class DocumentError(ValueError):
    """This is no valid CPF or CNPJ. `code` says why; the number itself is in neither the code nor the text.

    Codes: "empty", "length" (neither 11 nor 14), "characters" (a letter where there can be none), "repeated"
    (111.111.111-11 has right check digits and was never given to anybody), "check_digits", "not_a_cnpj".
    """

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def normalise(text: str) -> str:
    """The text without punctuation and spaces, letters in capitals. Checks nothing, so it never fails."""
    return "".join(c for c in unicodedata.normalize("NFKC", text) if c.isalnum()).upper()


def kind(document: str) -> Kind:
    """Which of the two it is as long as, punctuated or not. Raises DocumentError: "empty", "length"."""
    match len(normalise(document)):
        case 0:
            raise DocumentError("empty")
        case 11:
            return "cpf"
        case 14:
            return "cnpj"
        case _:
            raise DocumentError("length")


_CPF_SHAPE: Final = re.compile(r"[0-9]{11}")
_CNPJ_SHAPE: Final = re.compile(r"[0-9A-Z]{12}[0-9]{2}")


def check(text: str) -> str:
    """The document, normalised and with right check digits. Raises DocumentError with a code."""
    document = normalise(text)
    is_cpf = kind(document) == "cpf"
    if not (_CPF_SHAPE if is_cpf else _CNPJ_SHAPE).fullmatch(document):
        raise DocumentError("characters")
    if len(set(document)) == 1:
        raise DocumentError("repeated")
    if not (stdnum_cpf if is_cpf else stdnum_cnpj).is_valid(document):
        raise DocumentError("check_digits")
    return document


def is_valid(text: str) -> bool:
    """Whether `check` would take it."""
    try:
        check(text)
    except DocumentError:
        return False
    return True


def format(document: str) -> str:  # shadows the built-in on purpose: one says documents.format
    """123.456.789-09 or 12.ABC.345/01DE-35. What is neither comes back as it is: a page never fails."""
    plain = normalise(document)
    if len(plain) == CPF_LENGTH:
        return f"{plain[:3]}.{plain[3:6]}.{plain[6:9]}-{plain[9:]}"
    if len(plain) == CNPJ_LENGTH:
        return f"{plain[:2]}.{plain[2:5]}.{plain[5:8]}/{plain[8:12]}-{plain[12:]}"
    return document


def masked(document: str) -> str:
    """Enough of it for who knows the number to recognise it: 11.***.***/****-81, ***.533.447-**."""
    shown = format(document)
    if len(normalise(document)) == CPF_LENGTH:
        return f"***{shown[3:11]}-**"
    return f"{shown[:2]}.***.***/****{shown[-3:]}"


def mask(document: str) -> str:
    """What is enough to recognise a number and too little to learn it: ***.456.789-**, 12.***.***/0001-**.

    A CPF as the federal transparency portal shows it, its six middle digits. A CNPJ by its ends: with the
    six in the middle hidden, the check digits can't give the rest away, so they are hidden too.
    """
    plain = normalise(document)
    if len(plain) == CPF_LENGTH:
        return f"***.{plain[3:6]}.{plain[6:9]}-**"
    if len(plain) == CNPJ_LENGTH:
        return f"{plain[:2]}.***.***/{plain[8:12]}-**"
    return "***" if plain else ""


def cnpj_root(document: str) -> str:
    """The first eight places: the company, whichever its branch. Raises DocumentError("not_a_cnpj")."""
    plain = normalise(document)
    if not _CNPJ_SHAPE.fullmatch(plain):
        raise DocumentError("not_a_cnpj")
    return plain[:8]


# Alone: no letter or digit touches it, except one of an escape in an address (%2F before it, for one).
_BEFORE: Final = r"(?:(?<![0-9A-Za-z])|(?<=%[0-9A-Fa-f]{2}))"
_AFTER: Final = r"(?![0-9A-Za-z])"
_SLASH: Final = r"(?:/|%2F)?"
_ACCESS_KEY_IN_TEXT: Final = re.compile(rf"{_BEFORE}[0-9]{{6}}[0-9A-Za-z]{{12}}[0-9]{{26}}{_AFTER}")
_CNPJ_IN_TEXT: Final = re.compile(
    rf"{_BEFORE}[0-9A-Z]{{2}}\.?[0-9A-Z]{{3}}\.?[0-9A-Z]{{3}}{_SLASH}[0-9A-Z]{{4}}-?[0-9]{{2}}{_AFTER}",
    re.IGNORECASE,
)
_CPF_IN_TEXT: Final = re.compile(rf"{_BEFORE}[0-9]{{3}}\.?[0-9]{{3}}\.?[0-9]{{3}}[-/]?[0-9]{{2}}{_AFTER}")


def redact(text: str) -> str:
    """The text with each CPF, CNPJ and NF-e access key (a CNPJ is inside) replaced by its name, for logs.

    Anything with the shape counts, wrong check digits too: a mistyped CPF still points at a person, and a log
    that hides a telephone number by mistake loses little. Only fourteen letters and digits without marks have
    to be a valid CNPJ, or words such as "transactions12" would go.
    """
    text = _ACCESS_KEY_IN_TEXT.sub("[NF-e]", text)
    text = _CNPJ_IN_TEXT.sub(_hide_cnpj, text)
    return _CPF_IN_TEXT.sub("[CPF]", text)


def _hide_cnpj(found: re.Match[str]) -> str:
    shown = found[0]
    plain = normalise(shown.upper().replace("%2F", "/"))
    return "[CNPJ]" if plain.isdigit() or shown.count(".") == 2 or is_valid(plain) else shown


# What one legal form is called, all to one spelling. An EIRELI has been a limited company by law since 2021
# (Lei 14.195/2021, art. 41), and many names still say the old word.
_LEGAL_FORMS: Final = {
    "limitada": "ltda",
    "eireli": "ltda",
    "companhia": "cia",
    "sociedade anonima": "sa",
}
# The size of a company for its taxes: no part of the name since Lei Complementar 155/2016, written by habit.
_SIZES: Final = frozenset({"me", "epp", "mei"})


def normalise_name(name: str) -> str:
    """A name as it is compared: small letters and digits, no accents, one spelling of each legal form.

    Vendors are matched by name only where a document doesn't decide (an account where somebody typed them by
    hand, a bill without a CNPJ). The same vendor is "Padaria São José Ltda. - ME" there and "PADARIA SAO JOSE
    LIMITADA" here; created twice, it would be paid from two records. But the legal form stays in the name:
    "Horizonte Ltda" and "Horizonte S/A" are two companies, and money sent to the wrong one is worse than a
    vendor that appears twice. Only the size (ME, EPP, MEI) at the end is dropped: it follows the revenue.

    Normalising twice changes nothing. The result may be empty (a name of signs only): match nothing with it.
    """
    words = _joined_initials(_plain(name).split())
    text = " ".join(words)
    for spelled, form in _LEGAL_FORMS.items():
        text = re.sub(rf"\b{spelled}\b", form, text)
    words = text.split()
    while len(words) > 1 and words[-1] in _SIZES:
        words.pop()
    return " ".join(words)


def _plain(name: str) -> str:
    """Small letters without accents; "&" is the word "e"; every other sign is a space."""
    folded = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name).casefold())
    bare = "".join(c for c in folded if not unicodedata.combining(c))
    return "".join(c if c.isalnum() else " " for c in bare.replace("&", " e ").replace("'", ""))


def _joined_initials(words: list[str]) -> list[str]:
    """Letters that stand alone, side by side, as one word: S/A, S.A. and SA; J. C. and JC."""
    joined: list[str] = []
    run = False
    for word in words:
        single = len(word) == 1 and word.isalpha()
        if single and run:
            joined[-1] += word
        else:
            joined.append(word)
        run = single
    return joined
