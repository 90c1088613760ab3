"""A readable sentence out of any error body, with nothing in it that must not be repeated.

Error bodies come in at least eight shapes, and empty (observed by third parties in production). Conta Azul's
own text is quoted as it is, except that documents, bank details, addresses and tokens are masked.
"""

import html
import json
import re
from dataclasses import dataclass
from typing import Any, Final

# How the errors' sentences begin, in English; `taken_apart` reads them back.
NOT_SENT: Final = "The call never reached Conta Azul: "
NO_ANSWER: Final = "No clear answer came from Conta Azul ("
UNREADABLE: Final = "Conta Azul's answer says success, but "
REFUSED: Final = "Conta Azul refused: "
ELSEWHERE: Final = "Conta Azul sent us elsewhere, which we don't follow"
FAILED: Final = "Conta Azul failed"
LIMIT: Final = "Conta Azul's limit of calls for this account was reached"
ERP_LOGIN: Final = "Authorise again with a user of the ERP, not of the developer portal: "
NOT_ACCEPTED: Final = "Conta Azul does not accept the token: "
PLAN: Final = "This Conta Azul account may not use the API: "
NONE_GIVEN: Final = "Conta Azul gave no token: "
NO_REASON: Final = "it gave no reason"
MAY_HAVE_ARRIVED: Final = "It may have arrived: look before sending it again"
ONLY_READING: Final = "Nothing was changed by this reading call"

_CALL: Final = re.compile(r" \[[A-Z]+ /[^\]]*\]$")
_QUOTES_THEM: Final = (REFUSED, FAILED, ERP_LOGIN, NOT_ACCEPTED, PLAN, NONE_GIVEN)
_OURS: Final = (NOT_SENT, NO_ANSWER, UNREADABLE, ELSEWHERE, LIMIT)

LONGEST: Final = 300
_READ_AT_MOST: Final = 4000  # enough for any sentence; an HTML page may be long
_MASK: Final = "***"

# The order matters: Spring's {"error": "Bad Request", "message": "why"} must give the why.
_TEXT_KEYS: Final = (
    "descricao_erro",
    "message",
    "mensagem",
    "error_description",
    "detail",
    "error",
    "erro",
    "errors",
)

_TAG: Final = re.compile(
    r"<(script|style)\b.*?</\1>|<!--.*?-->|</?[A-Za-z!][^>]*>", re.DOTALL | re.IGNORECASE
)
# A uuid must stay readable, so what touches a hyphen or another word character is not the start of a
# document.
_PRIVATE: Final = (
    re.compile(r"\bBearer\s+\S+|\beyJ[\w-]{5,}(?:\.[\w-]+)*", re.IGNORECASE),
    re.compile(r"[^\s@<>()\"',;:]+@[^\s@<>()\"',;:]+"),
    re.compile(
        r"(?<![\w-])[0-9A-Z]{2}[. ]?[0-9A-Z]{3}[. ]?[0-9A-Z]{3}[/ ]?[0-9A-Z]{4}[- ]?[0-9]{2}(?![\w-])", re.I
    ),
    re.compile(r"(?<![\w-])[0-9]{3}[. ]?[0-9]{3}[. ]?[0-9]{3}[- ]?[0-9]{2}(?![\w-])"),
    re.compile(r"(?<![\w-])[0-9][0-9. ]{10,}[0-9](?![\w-])"),
    re.compile(
        r"\b((?:ag[eê]ncia|conta(?: corrente| poupan[cç]a)?)\s*(?:n[ºo.°]*)?\s*:?\s*)"
        r"[0-9][0-9.]*(?:-[0-9Xx])?(?![\w-])",
        re.IGNORECASE,
    ),
)


def masked(text: str) -> str:
    """The text without what looks like a CPF, CNPJ, bank detail, e-mail address or token."""
    for pattern in _PRIVATE:
        text = pattern.sub(lambda match: (match.group(1) if match.re.groups else "") + _MASK, text)
    return text


def quotable(text: str) -> str:
    """The text on one line, without HTML, masked, and not too long."""
    plain = html.unescape(_TAG.sub(" ", text[:_READ_AT_MOST]))
    # Cut before masking, so that a hostile text costs little, but well after what is shown, so that no half of a
    # document is left at the end.
    line = masked(" ".join(plain.split())[: LONGEST * 4])
    return line if len(line) <= LONGEST else line[: LONGEST - 1].rstrip() + "…"


def from_body(body: str) -> str:
    """What the body says, ready to be quoted; "" when it says nothing."""
    try:
        said = _said(json.loads(body))
    except (ValueError, RecursionError):
        said = body
    return quotable(said)


def _said(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        return "; ".join(filter(None, map(_said, value[:5])))
    if not isinstance(value, dict):
        return ""
    return next(filter(None, (_said(value.get(key)) for key in _TEXT_KEYS)), "")


@dataclass(frozen=True)
class Told:
    """One of the errors' sentences, taken apart for whoever says it in another language.

    `opening` is the constant above that it begins with; `words` is what Conta Azul itself said, ready to be quoted;
    `cause` is what went wrong on the way there, for whoever runs the program.
    """

    opening: str
    words: str = ""
    cause: str = ""


def taken_apart(sentence: str) -> Told | None:
    """None for a text that is not one of the errors' sentences. The call that `str(error)` adds may stand behind it."""
    opening = next((each for each in (*_QUOTES_THEM, *_OURS) if sentence.startswith(each)), None)
    if opening is None:
        return None
    rest = _CALL.sub("", sentence).removeprefix(opening)
    for advice in (MAY_HAVE_ARRIVED, ONLY_READING):
        rest = rest.removesuffix(f". {advice}")
    rest = rest.removeprefix(": ")
    if opening in _QUOTES_THEM:
        return Told(opening, words="" if rest == NO_REASON else rest)
    return Told(opening, cause=rest.removesuffix(")") if opening == NO_ANSWER else rest)
