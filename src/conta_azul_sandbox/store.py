"""Keeping the world in a file, so that a demo survives a restart.

Settings are not kept: each start takes them from its command line.
"""

import json
import os
import types
from dataclasses import asdict, fields, is_dataclass
from pathlib import Path
from typing import Any, Union, get_args, get_origin, get_type_hints

from conta_azul_sandbox.company import Company
from conta_azul_sandbox.faults import read_rules
from conta_azul_sandbox.model import User
from conta_azul_sandbox.tokens import Application, Tokens
from conta_azul_sandbox.world import World

FORMAT = 1
# Look-up tables: built again from the entries.
DERIVED = {"search", "event_of_instalment", "instalment_of_settlement"}


def save(world: World, path: Path) -> None:
    """Whole or not at all: written beside, then moved over."""
    text = json.dumps(dump(world))
    temporary = path.with_name(f"{path.name}.new")
    path.parent.mkdir(parents=True, exist_ok=True)
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)


def dump(world: World) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "clock_offset": world.clock.offset,
        "applications": [asdict(each) for each in world.applications.values()],
        "users": [asdict(each) for each in world.users.values()],
        "tokens": asdict(world.tokens),
        "faults": [
            {name: value for name, value in fault.shown().items() if name != "struck"}
            for fault in world.faults
        ],
        "companies": [_dump_company(each) for each in world.companies.values()],
    }


def _dump_company(company: Company) -> dict[str, Any]:
    return {
        field.name: _plain(getattr(company, field.name))
        for field in fields(company)
        if field.name not in DERIVED
    }


def _plain(value: Any) -> Any:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    return value


def load(world: World, path: Path) -> None:
    document = json.loads(path.read_text(encoding="utf-8"))
    if document.get("format") != FORMAT:
        raise ValueError(f"{path} was not written by this version of the sandbox")
    world.clear()
    world.clock.offset = document["clock_offset"]
    for row in document["applications"]:
        if row["client_id"] not in world.applications:
            world.register(_read(Application, row))
    world.users = {row["email"]: _read(User, row) for row in document["users"]}
    world.tokens = _read(Tokens, document["tokens"])
    world.faults = read_rules(document["faults"])
    for row in document["companies"]:
        company = _read(Company, row)
        company.rebuild(world.clock.now())
        world.companies[company.id] = company


def _read(kind: Any, value: Any) -> Any:
    """A value of the annotated kind from plain JSON."""
    if value is None:
        return None
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return _read(next(each for each in arguments if each is not type(None)), value)
    if origin is tuple:
        return tuple(_read(arguments[0], each) for each in value)
    if origin is list:
        return [_read(arguments[0], each) for each in value]
    if origin is dict:
        return {key: _read(arguments[1], each) for key, each in value.items()}
    if isinstance(kind, type) and is_dataclass(kind):
        hints = get_type_hints(kind)
        known = {field.name for field in fields(kind) if field.name not in DERIVED}
        return kind(**{name: _read(hints[name], each) for name, each in value.items() if name in known})
    return value
