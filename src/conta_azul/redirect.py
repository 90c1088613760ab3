"""What a person pastes after authorising: the whole final address, or only the code.

Conta Azul refuses http://localhost as a redirect address (observed), so an installation without a public
HTTPS address has its user copy the address that the browser ended at. The code in it lives three minutes.
"""

import html
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qs, urlsplit

from conta_azul import sentences
from conta_azul.errors import NotARedirect

# A code is visible ASCII (RFC 6749, appendix A.11). Alone, it has none of the signs that make a text an
# address or a query.
_VISIBLE: Final = re.compile(r"[\x21-\x7e]+")
_BARE_CODE: Final = re.compile(r"[\x21-\x7e]{6,2048}")
_NOT_IN_A_BARE_CODE: Final = re.compile(r"[?&#:<>\"\\]|//|^www\.|^[\w-]*=")

_SENTENCES: Final = {
    "empty": "Nothing was pasted",
    "no_code": "This address holds no authorisation code: paste the one the browser ended at",
    "several_codes": "This holds more than one authorisation code: paste only the last address",
    "not_a_code": "This is neither the final address nor an authorisation code",
    "authorize_address": "This is the address where the authorisation begins: paste the one where it ended",
    "denied": "Conta Azul gave no code",
}


@dataclass(frozen=True)
class Redirect:
    """The code, and the state that came with it (None when only the code was pasted)."""

    code: str = field(repr=False)
    state: str | None = field(default=None, repr=False)


def read_redirect(text: str) -> Redirect:
    """The code and state in what a person pasted. Raises NotARedirect, which never quotes what was pasted.

    Whether the state is the one that was sent is the caller's to check.
    """
    pasted = _unwrapped(text)
    if not pasted:
        raise _error("empty")
    if not _is_query_like(pasted):
        if " " in pasted or not _BARE_CODE.fullmatch(pasted) or _NOT_IN_A_BARE_CODE.search(pasted):
            raise _error("not_a_code")
        return Redirect(pasted)
    return _from_parameters(_parameters(pasted))


def _unwrapped(text: str) -> str:
    """Without what mail programs and chats put around and into an address."""
    text = text.strip().strip("<>\"'`\u201c\u201d\u200b\ufeff").strip()
    if not _is_query_like(text):
        return text
    return html.unescape("".join(text.split()))


def _is_query_like(text: str) -> bool:
    return bool(
        re.search(r"(?:^|[?&#;])(?:code|state|error|response_type|client_id)=|^https?://", text.strip())
    )


def _parameters(address: str) -> dict[str, list[str]]:
    try:
        parts = urlsplit(address if re.match(r"https?://|[?#]", address) or "?" in address else f"?{address}")
        query, fragment = parts.query, parts.fragment
        found = parse_qs(query, keep_blank_values=True, max_num_fields=50)
        for name, values in parse_qs(fragment, max_num_fields=50).items():
            found.setdefault(name, values)
    except ValueError as exc:
        raise _error("not_a_code") from exc
    return found


def _from_parameters(found: dict[str, list[str]]) -> Redirect:
    codes = {code.strip() for code in found.get("code", []) if code.strip()}
    if len(codes) > 1:
        raise _error("several_codes")
    if codes:
        code = codes.pop()
        if not _VISIBLE.fullmatch(code):
            raise _error("not_a_code")
        return Redirect(code, next(iter(found.get("state", [])), None))
    if error := next(iter(found.get("error", [])), ""):
        raise _denied(error, next(iter(found.get("error_description", [])), ""))
    raise _error("authorize_address" if "response_type" in found else "no_code")


def _denied(code: str, description: str) -> NotARedirect:
    error = _error("denied", sentences.quotable(f"{code}. {description}" if description else code))
    error.code = sentences.quotable(code)
    return error


def _error(reason: str, detail: str = "") -> NotARedirect:
    error = NotARedirect(f"{_SENTENCES[reason]}: {detail}" if detail else _SENTENCES[reason])
    error.reason = reason
    return error
