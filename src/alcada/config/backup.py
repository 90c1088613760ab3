"""`alcada backup` and `restore`: database, files and key in one archive.

The key is in it, or the tokens could not be read again: keep the archive as you keep the key. A key that is given
through the environment isn't ours to copy: the restored installation is given the same one.
"""

import hashlib
import os
import shutil
import socket
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from alcada.config import database, paths, secrets

DUMP = "database.dump"
MARKER = "restoring"
ORIGIN = "origin"  # which installation an archive is of


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
            (Path(folder) / ORIGIN).write_text(_here())
            archive.add(Path(folder) / ORIGIN, ORIGIN)
            for name in ("files", *([] if secrets.is_given() else [secrets.FILE])):
                if (home / name).exists():
                    archive.add(home / name, name)
        os.replace(partial, target)
    return target


def restore(file: str, *, confirmed: bool, takes_over: bool = False) -> int:
    """Replace database, files and key by the archive's; then doubt what the archive believes unposted.

    Refused while other processes use the database: a worker would send what was posted long ago. Until the doubting is
    done a marker keeps workers from starting, so that a restore that was cut off sends nothing either.

    Elsewhere than the archive was made it is a copy, and the one that it is of may be at work: its accounts are paused,
    unless it is told that it takes the other's place. Two that send the same would each believe that they are the one.
    """
    if not confirmed:
        return _refuse("This replaces all that this installation holds. Run again with --yes.")
    if others := _other_sessions():
        return _refuse(f"The database is in use ({others} sessions). Stop web and worker, then run again.")
    home = paths.home()
    with tempfile.TemporaryDirectory(dir=home) as folder:
        content = Path(folder)
        try:
            with tarfile.open(file) as archive:
                archive.extractall(content, filter="data")
        except (OSError, tarfile.TarError) as exc:
            return _refuse(f"{file} can't be read as a backup: {exc}")
        if not (content / DUMP).exists():
            return _refuse(f"{file} is no backup of Alçada: it holds no database.")
        origin = content / ORIGIN
        copied = not takes_over and (not origin.exists() or origin.read_text() != _here())
        again = unfinished()
        (home / MARKER).touch()
        _replace(home, content, again=again)
    doubtful = _doubt()
    paused = _keep_quiet() if copied else 0
    (home / MARKER).unlink()
    print(f"Restored. Postings to be looked for in Conta Azul before anything is sent: {doubtful}.")
    if paused:
        print(
            f"This is a copy: its accounts ({paused}) are paused, so that it sends nothing that the other sends too."
        )
        print(
            "Does it take the other's place, and is that one stopped? Resume them, or restore with --takes-over."
        )
    print("Start the product again.")
    return 0


def _here() -> str:
    """Names this installation: the machine and the folder."""
    return hashlib.sha256(f"{socket.gethostname()}:{paths.home().resolve()}".encode()).hexdigest()


def unfinished() -> bool:
    """Was a restore cut off? Then nothing may be sent before it is done again."""
    return (paths.home() / MARKER).exists()


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _other_sessions() -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        count = int(cursor.fetchone()[0])
    connection.close()
    return count


def _replace(home: Path, content: Path, *, again: bool) -> None:
    with _empty_schema(home / MARKER, again=again):
        _run("pg_restore", "--no-owner", "--single-transaction", str(content / DUMP))
    if (content / "files").exists():
        shutil.rmtree(home / "files", ignore_errors=True)
        shutil.move(content / "files", home / "files")
    if (content / secrets.FILE).exists():
        os.replace(content / secrets.FILE, home / secrets.FILE)


@contextmanager
def _empty_schema(marker: Path, *, again: bool) -> Iterator[None]:
    """Nothing in the way of what is restored, and what was there back again where that fails; the marker goes then.

    `again`: after a restore that was cut off. What was there before that one may stand aside still, and is what comes
    back; the marker stays, for files and key may be that one's.

    Dropping only what the archive has (pg_restore --clean) fails over a newer installation: what it added refers to it.
    """
    from django.db import connection, transaction

    aside = connection.ops.quote_name("alcada_before_restore")

    def do(*statements: str) -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET LOCAL client_min_messages = warning")
            for statement in statements:
                cursor.execute(statement)
        connection.close()

    with connection.cursor() as cursor:
        cursor.execute("SELECT EXISTS (SELECT FROM pg_namespace WHERE nspname = 'alcada_before_restore')")
        kept = again and cursor.fetchone()[0]
    if kept:
        do("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
    else:
        do(
            f"DROP SCHEMA IF EXISTS {aside} CASCADE",
            f"ALTER SCHEMA public RENAME TO {aside}",
            "CREATE SCHEMA public",
        )
    try:
        yield
    except BaseException:
        do("DROP SCHEMA public CASCADE", f"ALTER SCHEMA {aside} RENAME TO public")
        if not again:
            marker.unlink()
        raise
    do(f"DROP SCHEMA {aside} CASCADE")


def _doubt() -> int:
    from django.core.management import call_command

    from alcada.flow import restored

    call_command("migrate", verbosity=0, interactive=False)  # the archive may be of an older version
    return restored.doubt()


def _keep_quiet() -> int:
    from alcada.flow import restored

    return restored.keep_quiet()


def _run(program: str, *arguments: str) -> None:
    """One of PostgreSQL's programs. The password goes by the environment: a command line is everybody's to read."""
    binary = database.binaries() / program
    command = str(binary) if binary.exists() else program
    parts = urlsplit(os.environ["DATABASE_URL"])
    user, _, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    address = parts._replace(netloc=f"{name}@{place}").geturl()
    environment = os.environ | ({"PGPASSWORD": unquote(password)} if password else {})
    subprocess.run([command, f"--dbname={address}", *arguments], check=True, env=environment)
