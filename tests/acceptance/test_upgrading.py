"""From the state before sales, sign-in and spreadsheets to this one, and the way back a person may take.

`data/backup-before-sales.tar.xz` was written by the product as it was then, from its demo: two companies, four entries,
all posted. Its people, addresses and key are the demo's own, and nobody's.
"""

import json
import subprocess
import tarfile
from pathlib import Path

import pytest
from acceptance.test_installation import Visitor, alcada, run, start

from alcada.config import database, processes

BEFORE = Path(__file__).parents[1] / "data" / "backup-before-sales.tar.xz"
COUNT = """
import json
from alcada.approval.models import Decision
from alcada.history.models import Record
from alcada.intake.models import Document, Entry
from alcada.people.models import Company, User
from alcada.posting.models import Posting
print(json.dumps({
    "companies": Company.objects.count(), "people": User.objects.count(), "entries": Entry.objects.count(),
    "documents": Document.objects.count(), "decisions": Decision.objects.count(),
    "records": Record.objects.count(), "posted": Posting.objects.filter(state="posted").count(),
    "references": sorted(Posting.objects.values_list("reference", flat=True)),
}))
"""


CUT_OFF = """
from django.db import connection
connection.cursor().execute("ALTER SCHEMA public RENAME TO alcada_before_restore; CREATE SCHEMA public")
"""


def counted(home: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads(
        alcada(home, "django", "shell", "-v", "0", "-c", COUNT).splitlines()[-1]
    )
    return found


def states(home: Path) -> list[str]:
    code = "from alcada.connections.models import Connection as C; print(*C.objects.values_list('state', flat=True))"
    return alcada(home, "django", "shell", "-v", "0", "-c", code).splitlines()[-1].split()


def as_it_was(home: Path) -> None:
    """An installation of then: its database, files and key, not yet touched by what is here now."""
    home.mkdir()
    with tarfile.open(BEFORE) as archive:
        archive.extractall(home, filter="data")
    url = database.start(home / "postgres")
    program = database.binaries() / "pg_restore"
    subprocess.run(
        [program, f"--dbname={url}", "--no-owner", "--single-transaction", home / "database.dump"], check=True
    )


def test_start_backs_up_migrates_and_loses_nothing(tmp_path: Path) -> None:
    home = tmp_path / "home"
    as_it_was(home)
    port = processes.free_port()
    running = start(home, port)
    try:
        (kept,) = (home / "backups").glob("*.tar")
        visitor = Visitor(f"http://localhost:{port}")
        assert visitor.post("/sign-in", email="clara@padaria.example", password="demo")[0] == "/"
        for path in ("/", "/entries", "/postings", "/sales", "/notices/settings"):
            assert visitor.get(path)[0] == path
        assert "Sol de Bolso" in visitor.get("/entries")[1]
    finally:
        running.terminate()
        running.wait(40)
    after = counted(home)
    with tarfile.open(kept) as archive:
        assert "database.dump" in archive.getnames()
    assert after["companies"] == 2
    assert after["people"] == 3
    assert after["entries"] == after["posted"] == 4
    assert after["documents"] == 3
    assert after["decisions"] == 5
    found = json.loads(run(home, "doctor", "--json", "--offline").stdout)
    (chain,) = [one for one in found if one["area"] == "history"]
    assert chain["level"] == "ok", chain


@pytest.fixture(scope="module")
def restored(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """An installation of now over which the backup was restored, and what that said. Each test leaves it so."""
    home = tmp_path_factory.mktemp("restored") / "home"
    alcada(home, "migrate")
    return home, alcada(home, "restore", str(BEFORE), "--yes")


def test_a_backup_of_before_is_restored_over_what_is_newer(restored: tuple[Path, str]) -> None:
    home, said = restored
    assert "Restored." in said
    assert counted(home)["entries"] == 4
    # Restored elsewhere it is a copy, and stays quiet until it is told that it is the one.
    assert "its accounts (2) are paused" in said
    assert states(home) == ["paused", "paused"]
    own = alcada(home, "backup").strip()
    alcada(home, "restore", str(BEFORE), "--yes", "--takes-over")
    assert states(home) == ["connected", "connected"]
    # Its own archive, where it was made, is no copy.
    assert "copy" not in alcada(home, "restore", own, "--yes")
    assert states(home) == ["paused", "paused"]


def test_a_restore_that_fails_leaves_what_was_there(restored: tuple[Path, str], tmp_path: Path) -> None:
    home, _said = restored
    broken = tmp_path / "broken.tar"
    (tmp_path / "database.dump").write_bytes(b"PGDMP but nothing else")
    with tarfile.open(broken, "w") as archive:
        archive.add(tmp_path / "database.dump", "database.dump")
    alcada(home, "restore", str(broken), "--yes", status=1)
    assert counted(home)["entries"] == 4
    assert not (home / "restoring").exists()  # nothing keeps its workers from sending
    # As one that is cut off leaves it: what was there stands aside, and half of the other in its place.
    alcada(home, "django", "shell", "-v", "0", "-c", CUT_OFF)
    (home / "restoring").touch()
    alcada(home, "restore", str(broken), "--yes", status=1)
    assert counted(home)["entries"] == 4
    assert (home / "restoring").exists()
    alcada(home, "restore", str(BEFORE), "--yes")
    assert counted(home)["entries"] == 4
    assert not (home / "restoring").exists()
