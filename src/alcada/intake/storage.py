"""Bytes of documents, in `MEDIA_ROOT` under their own hash: the same file is kept once."""

import os
import tempfile
from pathlib import Path

from django.conf import settings


def path_of(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def keep(sha256: str, content: bytes) -> None:
    """Store the bytes, whose hash this is, whole or not at all."""
    final = path_of(sha256)
    if final.exists():
        return
    final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # Beside its final place, so that the rename is one step: nobody ever reads half a file.
    with tempfile.NamedTemporaryFile(dir=final.parent, prefix="incoming-", delete=False) as incoming:
        try:
            incoming.write(content)
            incoming.flush()
            os.fsync(incoming.fileno())
            os.replace(incoming.name, final)
        except BaseException:
            Path(incoming.name).unlink(missing_ok=True)
            raise
