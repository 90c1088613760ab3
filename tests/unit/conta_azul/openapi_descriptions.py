"""The published descriptions, made strict: an unknown parameter or field is an error."""

import functools
from pathlib import Path
from typing import Any

import jsonschema
import yaml

FOLDER = Path(__file__).parents[2] / "descriptions"
# The first that knows an operation counts: the reconstructed ones describe what came after the snapshot.
FILES = (
    "reconstructed-finance-sync-openapi.yml",
    "reconstructed-person-openapi.yml",
    "conta-azul-financial-openapi.yml",
    "conta-azul-acquittance-openapi.yml",
)


@functools.cache
def described(name: str) -> dict[str, Any]:
    whole: dict[str, Any] = yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))
    return whole


def operation(method: str, template: str) -> tuple[dict[str, Any], dict[str, Any]]:
    """The operation and the file it is in."""
    for name in FILES:
        whole = described(name)
        found = whole["paths"].get(template, {}).get(method.lower())
        if found:
            return found, whole
    raise AssertionError(f"No description knows {method} {template}")


def check_params(method: str, template: str, params: list[tuple[str, str]]) -> None:
    known = {each["name"]: each for each in operation(method, template)[0].get("parameters", [])}
    known = {name: each for name, each in known.items() if each["in"] == "query"}
    unknown = {name for name, _ in params} - set(known)
    missing = {name for name, each in known.items() if each.get("required")} - {name for name, _ in params}
    assert not unknown, f"{method} {template} does not know {unknown}"
    assert not missing, f"{method} {template} requires {missing}"
    for name, value in params:
        schema = known[name]["schema"]
        allowed = (schema.get("items") or schema).get("enum")
        assert allowed is None or value in map(str, allowed), f"{name} may not be {value}"


def check_body(method: str, template: str, body: Any) -> None:
    found, whole = operation(method, template)
    described_body = found.get("requestBody")
    if described_body is None:
        assert body is None
        return
    schema = strict(described_body["content"]["application/json"]["schema"], whole)
    jsonschema.Draft202012Validator(schema).validate(body)


def strict(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The schema with its references and parts put in, and nothing allowed beyond it."""
    if "$ref" in schema:
        return strict(whole["components"]["schemas"][schema["$ref"].rsplit("/", 1)[1]], whole)
    made = {
        key: value
        for key, value in schema.items()
        if key in ("type", "enum", "required", "pattern", "maxLength")
    }
    properties = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        inner = part if "$ref" not in part else whole["components"]["schemas"][part["$ref"].rsplit("/", 1)[1]]
        properties |= inner.get("properties", {})
        made["required"] = made.get("required", []) + inner.get("required", [])
    if properties:
        made["properties"] = {name: strict(each, whole) for name, each in properties.items()}
        made["additionalProperties"] = False
    if "items" in schema:
        made["items"] = strict(schema["items"], whole)
    return made
