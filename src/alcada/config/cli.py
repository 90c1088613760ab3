"""The `alcada` command: one small function per subcommand; what is heavy is imported where it is needed."""

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Final

YIELDING: Final = 10  # niceness of a worker: a person's page goes before a queue on the same machine


def main(argv: Sequence[str] | None = None) -> None:
    """Entry point; exits with the subcommand's status."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if arguments[:1] == ["sandbox"]:  # needs neither Django nor a database
        from alcada.config import processes
        from conta_azul_sandbox import run

        processes.end_with_supervisor()
        sys.exit(run(arguments[1:]))
    if arguments[:1] == ["django"]:
        sys.exit(_django(arguments[1:]))
    options = _parser().parse_args(arguments)
    sys.exit(options.run(options) or 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="alcada", description="Approval that posts itself to Conta Azul")
    commands = parser.add_subparsers(required=True, metavar="command")

    def command(
        name: str, run: Callable[[argparse.Namespace], int | None], text: str
    ) -> argparse.ArgumentParser:
        added = commands.add_parser(name, help=text, description=text)
        added.set_defaults(run=run)
        return added

    demo = command("demo", _demo, "the product with the sandbox, two companies and one story; stays up")
    demo.add_argument("--once", action="store_true", help="tell the story headless and end")
    demo.add_argument("--json", action="store_true", help="with --once: one JSON object on standard output")
    demo.add_argument("--port", type=int, default=8000)
    demo.add_argument(
        "--sandbox-port", type=int, default=8100, help="where the stand-in for Conta Azul listens"
    )
    start = command("start", _start, "the product for real use: backup, migrate, web and worker")
    start.add_argument("--port", type=int, default=8000)
    start.add_argument("--host", default="127.0.0.1")
    serve = command("serve", _serve, "the web process")
    serve.add_argument("--port", type=int, default=8000)
    serve.add_argument("--host", default="127.0.0.1")
    worker = command("worker", _worker, "a worker process; any number may run")
    worker.add_argument("--concurrency", type=int, default=20, help="jobs at once (default 20)")
    worker.add_argument(
        "--processes", type=int, default=1, help="so many workers, which share what they have loaded"
    )
    command("sandbox", _serve, "the stand-in for Conta Azul's API (see alcada sandbox --help)")
    command("migrate", _migrate, "bring the database to this version")
    doctor = command("doctor", _doctor, "check database, workers, connections, history; say what to do")
    doctor.add_argument("--json", action="store_true")
    doctor.add_argument(
        "--report", action="store_true", help="for whoever supports you: no names, documents, amounts, tokens"
    )
    doctor.add_argument("--offline", action="store_true", help="ask Conta Azul nothing")
    check = command("checkpoint", _checkpoint, "does history still say what a line from a digest says?")
    check.add_argument(
        "line",
        nargs="*",
        help="the line from the e-mail; without one, a whole e-mail is read from standard input",
    )
    check.add_argument("--json", action="store_true")
    backup = command("backup", _backup, "write database, files and key to one archive")
    backup.add_argument("file", nargs="?", help="default: backups/ in the installation's folder")
    restore = command("restore", _restore, "replace this installation by an archive's content")
    restore.add_argument("file")
    restore.add_argument("--yes", action="store_true", help="replace what is there without asking")
    text = "the installation of the archive is stopped for good: this one takes its place"
    restore.add_argument("--takes-over", action="store_true", help=text)
    _bench_into(command("bench", _bench, "measure the product against the sandbox"))
    command("django", _serve, "Django's own management commands, for developers")
    return parser


def _bench_into(parser: argparse.ArgumentParser) -> None:
    from alcada.config.bench import options

    kinds = parser.add_subparsers(required=True, metavar="what", dest="what")
    text = "approvals through real workers into the sandbox; its books are counted"
    options.add_to(kinds.add_parser("posting", help=text, description=text))
    text = "does the rate depend on how much waits?"
    queue = kinds.add_parser("queue", help=text, description=text)
    queue.add_argument("--waiting", type=int, nargs="+", default=[10_000, 100_000])
    queue.add_argument("--seed", type=int, default=1)
    queue.add_argument("--json", action="store_true")
    text = "server time of pages, per page and viewer, on data that it makes"
    pages = kinds.add_parser("pages", help=text, description=text)
    pages.add_argument("--entries", type=int, default=100_000)
    pages.add_argument("--companies", type=int, default=200)
    pages.add_argument("--requests", type=int, default=40, help="of each page (default 40)")
    pages.add_argument("--without", nargs="*", default=[], metavar="PAGE", help="pages left out, by name")
    pages.add_argument(
        "--keep", default="", metavar="FOLDER", help="keep the data there; again: only measure"
    )
    pages.add_argument("--json", action="store_true")


def _setup() -> None:
    """PostgreSQL up, Django ready."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "alcada.config.settings")
    from alcada.config import database

    database.ensure_running()
    import django

    django.setup()


def _without_database() -> None:
    """Django ready all the same, for a server that is not there."""
    from alcada.config import paths

    os.environ.setdefault(
        "DATABASE_URL", f"postgresql://postgres:@/postgres?host={paths.home() / 'postgres'}"
    )
    import django

    django.setup()


def _django(arguments: list[str]) -> int:
    _setup()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["alcada django", *arguments])
    return 0


def _demo(options: argparse.Namespace) -> int:
    from alcada.config import demo

    return demo.run(
        once=options.once, as_json=options.json, port=options.port, sandbox_port=options.sandbox_port
    )


def _start(options: argparse.Namespace) -> int:
    from alcada.config import start

    return start.run(host=options.host, port=options.port)


def _serve(options: argparse.Namespace) -> int:
    _setup()
    from alcada.config import processes

    return processes.serve(host=options.host, port=options.port)


def _worker(options: argparse.Namespace) -> int:
    os.nice(YIELDING)  # before all that it loads
    _setup()
    from alcada.config import prefork, processes

    if options.processes > 1:
        return prefork.work(options.processes, concurrency=options.concurrency)
    return processes.work(concurrency=options.concurrency)


def _migrate(options: argparse.Namespace) -> int:
    _setup()
    from django.core.management import call_command

    call_command("migrate", verbosity=1, interactive=False)
    return 0


def _doctor(options: argparse.Namespace) -> int:
    try:
        _setup()
    except Exception as exc:  # a server that does not start is what it is to tell of
        print(f"PostgreSQL: {type(exc).__name__}: {exc}", file=sys.stderr)
        _without_database()
    from alcada.config import doctor

    return doctor.run(as_json=options.json, offline=options.offline, as_report=options.report)


def _checkpoint(options: argparse.Namespace) -> int:
    _setup()
    from alcada.config import checkpoint

    return checkpoint.run(" ".join(options.line) or sys.stdin.read(), as_json=options.json)


def _bench(given: argparse.Namespace) -> int:
    if given.what == "queue":
        from alcada.config.bench import queue

        return queue.run(given.waiting, seed=given.seed, as_json=given.json)
    if given.what == "pages":
        from alcada.config.bench import pages

        return pages.run(
            entries=given.entries,
            companies=given.companies,
            requests=given.requests,
            without=given.without,
            keep=given.keep,
            as_json=given.json,
        )
    from alcada.config.bench.options import Options
    from alcada.config.bench.run import run

    return run(Options.of(given))


def _backup(options: argparse.Namespace) -> int:
    _setup()
    from alcada.config import backup

    return backup.run(options.file)


def _restore(options: argparse.Namespace) -> int:
    _setup()
    from alcada.config import backup

    return backup.restore(options.file, confirmed=options.yes, takes_over=options.takes_over)
