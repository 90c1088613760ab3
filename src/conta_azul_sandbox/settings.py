"""What can be switched on the sandbox, by flag, by reset or by POST /_sandbox/settings."""

from dataclasses import asdict, dataclass, fields
from typing import Any

CHOICES: dict[str, tuple[object, ...]] = {
    "mode": ("strict", "faithful"),
    "old_creation": ("created", "protocol"),
    "duplicate_documents": ("allow", "refuse"),
    "invalid_grant_status": (400, 401),
    "description_match": ("contains", "whole"),
}


@dataclass(slots=True)
class Settings:
    mode: str = "strict"  # strict refuses what the real service ignores in silence (§2.2)
    rate_limit: bool = True
    rate_per_second: int = 10
    rate_per_minute: int = 600
    retry_after_header: bool = True  # whether the real 429 carries one is not documented (§2.5)
    latency_ms: float = 0
    token_seconds: float = 3600
    code_seconds: float = 180
    old_creation: str = "created"  # "protocol" is how it was until 2026-10-18 (§3.3)
    protocol_seconds: float = 1  # how long a protocol stays PENDING; assumed
    duplicate_documents: str = "allow"  # not documented (§4.1)
    search_lag: float = 0  # seconds until a write shows in the searches; not documented (§5)
    description_match: str = (
        "contains"  # of the older search's `descricao`; or the whole text: not documented (§3.4)
    )
    reference_in_lists: bool = (
        True  # do the newer lists tell `referencia_externa`? Third-party code says so (§3.2)
    )
    invalid_grant_status: int = 400  # not documented (§1.2)
    enforce_profiles: bool = False  # must a supplier carry the Fornecedor profile? not documented (§3.1)

    @property
    def strict(self) -> bool:
        return self.mode == "strict"

    def change(self, changes: dict[str, Any]) -> None:
        """Take over the named settings; ValueError names the first that is unknown or wrong."""
        kinds = {field.name: type(getattr(self, field.name)) for field in fields(self)}
        for name, value in changes.items():
            if name not in kinds:
                raise ValueError(f"Unknown setting: {name}. Known: {', '.join(kinds)}")
            setattr(self, name, _checked(name, value, kinds[name]))

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def _checked(name: str, value: Any, kind: type) -> Any:
    if kind in (int, float) and isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        value = float(value) if kind is float else int(value)
    elif not isinstance(value, kind) or (isinstance(value, int | float) and not isinstance(value, bool)):
        raise ValueError(f"Setting {name}: {value!r} is not a valid {kind.__name__}")
    if name in CHOICES and value not in CHOICES[name]:
        raise ValueError(f"Setting {name}: {value!r} is none of {CHOICES[name]}")
    return value
