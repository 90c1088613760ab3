"""The installation's secret: made once, kept in a file outside the database.

Tokens are encrypted with a key that a copy of the database alone does not give away. `ALCADA_SECRET_KEY`
(for containers) takes the place of the file.
"""

import base64
import hashlib
import os
import secrets
from pathlib import Path

FILE = "secret.key"
VARIABLE = "ALCADA_SECRET_KEY"


def is_given() -> bool:
    """Does the environment hold the secret, so that a file beside it means nothing?"""
    return bool(os.environ.get(VARIABLE))


def load(home: Path) -> str:
    """Return the secret text; create it, readable by its owner alone, the first time."""
    if is_given():
        return os.environ[VARIABLE]
    path = home / FILE
    try:
        descriptor = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    except FileExistsError:
        return path.read_text(encoding="ascii").strip()
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(secrets.token_urlsafe(64))
    return path.read_text(encoding="ascii").strip()


def derive(secret: str, purpose: str) -> str:
    """One key per purpose, so that what signs cookies never decrypts tokens. 32 bytes, URL-safe base64."""
    digest = hashlib.scrypt(secret.encode(), salt=f"alcada:{purpose}".encode(), n=2**12, r=8, p=1, dklen=32)
    return base64.urlsafe_b64encode(digest).decode()
