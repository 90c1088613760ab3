"""Where an installation keeps what is its own: database, files, keys. One folder, `ALCADA_HOME`."""

import os
from pathlib import Path

import platformdirs


def home() -> Path:
    """The installation's folder, made on first use and closed to others.

    PostgreSQL opens the way to its data again where we are root and it is another user: what is secret
    (key, files, backups) is therefore closed on its own as well.
    """
    folder = Path(os.environ.get("ALCADA_HOME") or platformdirs.user_data_dir("alcada"))
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return folder
