"""`alcada start`: the product for real use. Run again after an update, it backs up and migrates first."""

import os
import sys
from collections.abc import Callable

from alcada.config import database, processes


def run(*, host: str, port: int) -> int:
    os.environ.setdefault("ALCADA_URL", f"http://localhost:{port}")
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alcada.config.settings")
    if processes.listens(port):
        print(f"Port {port} is in use: is Alçada running already? (--port takes another)", file=sys.stderr)
        return 1
    database.ensure_running()
    import django

    django.setup()
    prepare_database(print)
    supervisor = processes.Supervisor()
    try:
        supervisor.start("serve", "--port", str(port), "--host", host)
        supervisor.start("worker")
        processes.wait_for_port(port)
        print(f"Alçada is at {os.environ['ALCADA_URL']}", flush=True)
        supervisor.watch()
    finally:
        supervisor.stop()
    return 0


def prepare_database(say: Callable[[str], None]) -> None:
    """Bring the database to this version; with data in it, a backup is written first."""
    from django.core.management import call_command
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    from alcada.config import backup

    executor = MigrationExecutor(connection)
    waiting = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if not waiting:
        return
    if executor.loader.applied_migrations:
        say(f"Backup before the update: {backup.write()}")
    say("Preparing the database")
    call_command("migrate", verbosity=0, interactive=False)
