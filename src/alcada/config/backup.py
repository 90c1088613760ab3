"""`alcada backup` and `restore`: database, files and key in one archive.

The key is in it, or the tokens could not be read again: keep the archive as you keep the key.
"""

import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from alcada.config import database, paths, secrets

DUMP = "database.dump"


def run(file: str | None) -> int:
    print(write(Path(file) if file else None))
    return 0


def write(target: Path | None = None) -> Path:
    """Write the archive, readable by its owner alone; returns its path."""
    home = paths.home()
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    target = target or home / "backups" / f"alcada-{stamp}.tar"
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent) as folder:
        dump, partial = Path(folder) / DUMP, Path(folder) / "partial"
        _run("pg_dump", "--format=custom", "--file", str(dump))
        partial.touch(mode=0o600)
        with tarfile.open(partial, "w") as archive:
            archive.add(dump, DUMP)
            for name in ("files", secrets.FILE):
                if (home / name).exists():
                    archive.add(home / name, name)
        os.replace(partial, target)
    return target


def restore(file: str, *, confirmed: bool) -> int:
    """Replace database, files and key by the archive's. The processes must be stopped."""
    if not confirmed:
        print("This replaces all that this installation holds. Run again with --yes.", file=sys.stderr)
        return 1
    home = paths.home()
    with tempfile.TemporaryDirectory(dir=home) as folder, tarfile.open(file) as archive:
        archive.extractall(folder, filter="data")
        content = Path(folder)
        _run(
            "pg_restore", "--clean", "--if-exists", "--no-owner", "--single-transaction", str(content / DUMP)
        )
        if (content / "files").exists():
            shutil.rmtree(home / "files", ignore_errors=True)
            shutil.move(content / "files", home / "files")
        if (content / secrets.FILE).exists():
            os.replace(content / secrets.FILE, home / secrets.FILE)
    print("Restored. Start the product again.")
    return 0


def _run(program: str, *arguments: str) -> None:
    binary = database.binaries() / program
    command = str(binary) if binary.exists() else program
    subprocess.run([command, f"--dbname={os.environ['DATABASE_URL']}", *arguments], check=True)
