"""The command line, and the life of the server's process."""

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path

from aiohttp import web

from conta_azul_sandbox import populate, store
from conta_azul_sandbox.door import Door
from conta_azul_sandbox.settings import CHOICES, Settings
from conta_azul_sandbox.world import DEMO_REDIRECTS, World

HOST = "127.0.0.1"  # loopback only: there is nothing here that a network should reach
SAVE_EVERY = 1.0


def run(argv: Sequence[str] | None = None) -> int:
    options = parser().parse_args(argv)
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options))
    return 0


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="conta_azul_sandbox",
        description="A strict, stateful stand-in for the Conta Azul API, on loopback.",
    )
    parser.add_argument("--port", type=int, default=8100, help="0 picks a free one (default: %(default)s)")
    parser.add_argument(
        "--data", type=Path, metavar="FILE", help="keep the state in this file across restarts"
    )
    parser.add_argument("--companies", type=int, default=1, metavar="N", help="companies at the start")
    parser.add_argument("--seed", type=int, default=1, help="what their data is made from")
    parser.add_argument(
        "--demo-redirect",
        action="append",
        metavar="URL",
        help="redirect address of the demo's application, repeatable (default: "
        + ", ".join(DEMO_REDIRECTS)
        + ")",
    )
    for field in fields(Settings):
        _add_setting(parser, field.name, getattr(Settings(), field.name))
    return parser


def _add_setting(parser: argparse.ArgumentParser, name: str, default: object) -> None:
    flag = "--" + name.replace("_", "-")
    if isinstance(default, bool):
        parser.add_argument(flag, choices=("on", "off"), default="on" if default else "off")
    else:
        parser.add_argument(flag, type=type(default), choices=CHOICES.get(name), default=default)


def settings_from(options: argparse.Namespace) -> Settings:
    settings = Settings()
    for field in fields(Settings):
        value = getattr(options, field.name)
        settings.change({field.name: value == "on" if value in ("on", "off") else value})
    return settings


async def serve(options: argparse.Namespace) -> None:
    world = World(settings_from(options), tuple(options.demo_redirect or DEMO_REDIRECTS))
    if options.data and options.data.exists():
        store.load(world, options.data)
    else:
        populate.reset(world, {"companies": options.companies, "seed": options.seed})
    runner = web.ServerRunner(web.Server(Door(world).handle, access_log=None))
    await runner.setup()
    site = web.TCPSite(runner, HOST, options.port)
    await site.start()
    port = runner.addresses[0][1]
    sys.stdout.write(f"Conta Azul sandbox at http://{HOST}:{port}\n")
    sys.stdout.flush()
    await _until_told_to_stop(world, options.data)
    await runner.cleanup()


async def _until_told_to_stop(world: World, data: Path | None) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(each, stop.set)
    while not stop.is_set():
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), SAVE_EVERY if data else None)
        if data and world.changed:
            world.changed = False
            store.save(world, data)
