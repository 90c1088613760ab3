"""The published descriptions, turned into strict schemas: every field there, and no other."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jsonschema
import yaml

FOLDER = Path(__file__).parents[2] / "descriptions"
METHODS = ("get", "post", "put", "patch", "delete")


@dataclass(frozen=True)
class Operation:
    """One documented method of one documented path."""

    name: str
    method: str
    path: str
    document: dict[str, Any]
    root: dict[str, Any]

    def matches(self, method: str, path: str) -> bool:
        return (
            method == self.method and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", self.path), path) is not None
        )

    @property
    def statuses(self) -> set[str]:
        return set(self.document["responses"])

    def answer_schema(self) -> dict[str, Any] | None:
        """Of the documented success; None where the body is not described."""
        for status, response in self.document["responses"].items():
            if status.startswith("2"):
                return _content(response)
        return None

    def body_schema(self) -> dict[str, Any] | None:
        body = self.document.get("requestBody")
        return _content(body) if body else None

    def query(self) -> dict[str, dict[str, Any]]:
        return {each["name"]: each for each in self.document.get("parameters", ()) if each["in"] == "query"}


def _content(holder: dict[str, Any]) -> dict[str, Any] | None:
    schema: dict[str, Any] | None = holder.get("content", {}).get("application/json", {}).get("schema")
    return schema


@cache
def operations() -> tuple[Operation, ...]:
    found = []
    for file in sorted(FOLDER.glob("*.yml")):
        root = yaml.safe_load(file.read_text(encoding="utf-8"))
        for path, item in root["paths"].items():
            for method in METHODS:
                if method in item:
                    found.append(
                        Operation(f"{method.upper()} {path}", method.upper(), path, item[method], root)
                    )
    return tuple(found)


@cache
def operation(method: str, path: str) -> Operation:
    """The description of a call; the fixed path wins over the one with a parameter."""
    fitting = [each for each in operations() if each.matches(method, path)]
    assert fitting, f"{method} {path} is not described"
    return min(fitting, key=lambda each: each.path.count("{"))


def resolved(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """References followed and allOf joined, one level deep."""
    if "$ref" in schema:
        target: Any = root
        for step in schema["$ref"].removeprefix("#/").split("/"):
            target = target[step]
        return resolved(target, root)
    if "allOf" in schema:
        joined: dict[str, Any] = {"type": "object", "properties": {}, "required": []}
        for part in schema["allOf"]:
            part = resolved(part, root)
            joined["properties"] |= part.get("properties", {})
            joined["required"] += part.get("required", [])
        return joined
    return schema


def strict(schema: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """As JSON Schema: all properties required, none beside them; null only where it is marked."""
    components = root.get("components", {}).get("schemas", {})
    return {**_strict(schema), "$defs": {name: _strict(each) for name, each in components.items()}}


def _strict(schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return {"$ref": schema["$ref"].replace("#/components/schemas/", "#/$defs/")}
    made: dict[str, Any] = {
        keyword: schema[keyword] for keyword in ("type", "enum", "format", "pattern") if keyword in schema
    }
    if schema.get("nullable"):
        made["type"] = [schema["type"], "null"]
    if "properties" in schema:
        made["properties"] = {name: _strict(each) for name, each in schema["properties"].items()}
        made["required"] = list(schema["properties"])
        made["additionalProperties"] = False
    if "items" in schema:
        made["items"] = _strict(schema["items"])
    return made


FORMATS = jsonschema.FormatChecker(formats=())
PATTERNS = {
    "uuid": r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}",
    "date": r"\d{4}-\d\d-\d\d",
    # RFC 3339, which the format means, wants a zone.
    "date-time": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)",
}


def _checker(pattern: str) -> Callable[[object], bool]:
    return lambda value: not isinstance(value, str) or re.fullmatch(pattern, value) is not None


for _name, _pattern in PATTERNS.items():
    FORMATS.checks(_name)(_checker(_pattern))


@dataclass(frozen=True)
class Finding:
    """One place where an answer parts from its description."""

    operation: str
    where: str
    kind: str


def findings(name: str, schema: dict[str, Any], root: dict[str, Any], answer: Any) -> set[Finding]:
    validator = jsonschema.Draft202012Validator(strict(schema, root), format_checker=FORMATS)
    return {finding for error in validator.iter_errors(answer) for finding in _read(name, error)}


def _read(name: str, error: Any) -> list[Finding]:
    where = ".".join("[]" if isinstance(step, int) else str(step) for step in error.absolute_path)
    if error.instance is None:
        return [Finding(name, where, "null")]
    if error.validator == "required":
        absent = [each for each in error.validator_value if each not in error.instance]
        return [Finding(name, f"{where}.{each}".strip("."), "absent") for each in absent]
    if error.validator == "additionalProperties":
        extra = set(error.instance) - set(error.schema["properties"])
        return [Finding(name, f"{where}.{each}".strip("."), "undocumented") for each in sorted(extra)]
    return [Finding(name, where, str(error.validator))]


def filled(answer: Any) -> set[str]:
    """Names of all fields, at any depth, that carry a value."""
    if isinstance(answer, dict):
        inner = {name for each in answer.values() for name in filled(each)}
        return inner | {name for name, each in answer.items() if each not in (None, [], {})}
    if isinstance(answer, list):
        return {name for each in answer for name in filled(each)}
    return set()
