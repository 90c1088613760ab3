"""How a call to Conta Azul failed, in the reader's language.

Records and searches keep the client's sentence, which is English: the client is a library of its own.
"""

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as lazy

from conta_azul import sentences

_NO_ACCESS: Final = lazy("the account gave no access")
_FAILURES: Final[dict[str, str | Promise]] = {
    sentences.NOT_SENT: lazy("Conta Azul could not be reached"),
    sentences.NO_ANSWER: lazy("no clear answer came"),
    sentences.UNREADABLE: lazy("its answer could not be read"),
    sentences.ELSEWHERE: lazy("no clear answer came"),
    sentences.FAILED: lazy("Conta Azul failed"),
    sentences.REFUSED: lazy("Conta Azul refused"),
    sentences.LIMIT: lazy("too many requests at once"),
}


def failure(ended: str) -> str:
    """In a few words, with what Conta Azul itself said as a quote. What is no failed call is a missing access."""
    told = sentences.taken_apart(ended)
    if told is None:
        return str(_NO_ACCESS)
    words = str(_FAILURES.get(told.opening, _NO_ACCESS))
    return f"{words}: “{told.words}”" if told.words else words
