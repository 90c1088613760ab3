"""Bytes of documents, in `MEDIA_ROOT` under their own hash: the same file is kept once, and none is ever
overwritten.
"""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile


@dataclass(frozen=True)
class Stored:
    sha256: str
    size: int  # bytes


def path_of(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def keep(upload: "UploadedFile[bytes]") -> Stored:
    """Store the upload's bytes whole or not at all, and return their hash and size."""
    root = Path(settings.MEDIA_ROOT)
    root.mkdir(parents=True, exist_ok=True, mode=0o700)
    digest, size = hashlib.sha256(), 0
    # Beside its final place, so that the rename is one step: nobody ever reads half a file.
    with tempfile.NamedTemporaryFile(dir=root, prefix="incoming-", delete=False) as incoming:
        try:
            upload.seek(0)
            for chunk in upload.chunks():
                incoming.write(chunk)
                digest.update(chunk)
                size += len(chunk)
            incoming.flush()
            os.fsync(incoming.fileno())
            final = path_of(digest.hexdigest())
            final.parent.mkdir(exist_ok=True, mode=0o700)
            os.replace(incoming.name, final)
        except BaseException:
            Path(incoming.name).unlink(missing_ok=True)
            raise
    return Stored(digest.hexdigest(), size)
