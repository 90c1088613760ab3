"""Where an installation keeps what is its own: database, files, keys. One folder, `ALCADA_HOME`."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The installation's folder, made on first use and closed to other users."""
    folder = Path(os.environ.get("ALCADA_HOME") or platformdirs.user_data_dir("alcada"))
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
    return folder
