"""Tokens and application secrets at rest, encrypted with a key that is not in the database."""

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class UndecryptableError(Exception):
    """What is stored was encrypted with another key: the installation's secret was changed or lost."""


def encrypt(text: str) -> bytes:
    """Return the text's encrypted form; never the same bytes twice, so that they name what they hold."""
    return _keys().encrypt(text.encode())


def decrypt(data: bytes | memoryview) -> str:
    """Return the text. Raises UndecryptableError when the installation's secret was changed."""
    try:
        return _keys().decrypt(bytes(data)).decode()
    except InvalidToken as exc:
        raise UndecryptableError("the installation's secret was changed") from exc


def _keys() -> MultiFernet:
    """The first key encrypts, all decrypt: a list `TOKEN_KEYS_BEFORE` carries old ones through a rotation."""
    before: list[str] = list(getattr(settings, "TOKEN_KEYS_BEFORE", []))
    return MultiFernet([Fernet(key) for key in [settings.TOKEN_KEY, *before]])
