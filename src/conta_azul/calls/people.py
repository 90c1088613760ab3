"""People: suppliers, customers and carriers (`pessoas`)."""

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from conta_azul import checks, limits, times
from conta_azul.answer import Answer, Fields, Raw, Unusable
from conta_azul.call import Call, Pages, given, repeated
from conta_azul.enums import PersonKind, Profile
from conta_azul.limits import DEFAULT_PAGE_SIZE

_PEOPLE = "/v1/pessoas"
_PERSON = "/v1/pessoas/{id}"
_DOCUMENT_FIELD = {PersonKind.INDIVIDUAL: "cpf", PersonKind.COMPANY: "cnpj"}


@dataclass(frozen=True)
class NewPerson:
    """A person to be created.

    `document` is sent as given: the documentation shows it formatted, and says nothing about digits only. A
    foreign person has none here. Conta Azul may accept the same document twice (not documented): search
    first.
    """

    name: str
    kind: PersonKind
    profiles: tuple[Profile, ...]
    document: str = field(default="", repr=False)
    trade_name: str = ""
    email: str = field(default="", repr=False)
    phone: str = field(default="", repr=False)
    code: str = ""
    note: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "profiles", tuple(self.profiles))
        checks.a_text(self.name, "name", limits.PERSON_NAME)
        checks.not_too_long(self.trade_name, "trade_name", limits.PERSON_TRADE_NAME)
        checks.not_too_long(self.email, "email", limits.PERSON_EMAIL)
        checks.not_too_long(self.code, "code", limits.PERSON_CODE)
        checks.not_too_long(self.note, "note", limits.PERSON_NOTE)
        if not self.profiles:
            raise ValueError("A person needs at least one profile")
        if self.document and self.kind not in _DOCUMENT_FIELD:
            raise ValueError("A foreign person has no CPF or CNPJ")

    def to_wire(self) -> dict[str, Any]:
        optional = {
            _DOCUMENT_FIELD.get(self.kind, ""): self.document,
            "nome_fantasia": self.trade_name,
            "email": self.email,
            "telefone_comercial": self.phone,
            "codigo": self.code,
            "observacao": self.note,
        }
        return {
            "nome": self.name,
            "tipo_pessoa": PersonKind(self.kind).value,
            "perfis": _profiles_to_wire(self.profiles),
            **{name: value for name, value in optional.items() if value},
        }


@dataclass(frozen=True)
class Person:
    """A person as read. `kind` and `profiles` are Conta Azul's words, which may be newer than our enums."""

    id: str
    name: str | None
    kind: str | None
    document: str | None = field(repr=False)
    email: str | None = field(repr=False)
    active: bool | None
    profiles: tuple[str, ...]
    changed_at: dt.datetime | None
    raw: Raw = field(repr=False)


# developers.contaazul.com/open-api-docs/open-api-person/v1, read 2026-11-24
def search(
    *,
    document: str | None = None,
    text: str | None = None,
    name: str | None = None,
    profile: Profile | None = None,
    ids: Iterable[str] = (),
    changed_from: dt.datetime | None = None,
    changed_to: dt.datetime | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
) -> Pages[Person]:
    """People by document, by a text in document or name, by profile, or changed in a period.

    How a document is matched (formatted or not) is not documented: compare the digits of what comes back.
    """
    params = given(
        ("documentos", document),
        ("busca", text),
        ("nomes", name),
        ("tipo_perfil", Profile(profile).value if profile else None),
        ("data_alteracao_de", times.to_wire(changed_from) if changed_from else None),
        ("data_alteracao_ate", times.to_wire(changed_to, up=True) if changed_to else None),
    )
    return Pages(_PEOPLE, _read_named, params + repeated("ids", ids), page_size)


# developers.contaazul.com/open-api-docs/open-api-person/v1, read 2026-11-24
def get(person_id: str) -> Call[Person]:
    """One person."""
    return Call("GET", _PERSON, lambda answer: _read_named(answer.fields()), ids=(("id", person_id),))


# developers.contaazul.com/open-api-docs/open-api-person/v1/criarpessoa, read 2026-11-24
def create(person: NewPerson) -> Call[Person]:
    """Create a person. The answer's id is all that is relied on."""
    return Call("POST", _PEOPLE, lambda answer: _read(answer.fields(lenient=True)), body=person.to_wire())


# developers.contaazul.com/open-api-docs/open-api-person/v1, read 2026-11-24
def add_profile(person_id: str, existing: Sequence[str], profile: Profile) -> Call[None]:
    """Give a person one more profile, keeping the `existing` ones (those of the `Person` as read).

    Assumed: PATCH replaces the list of profiles, so all of them are sent; if it added instead, that would do
    no harm.
    """
    wanted = dict.fromkeys([*map(_known_profile, existing), Profile(profile)])
    body = {"perfis": _profiles_to_wire(wanted)}
    return Call("PATCH", _PERSON, _no_content, ids=(("id", person_id),), body=body)


def _no_content(answer: Answer) -> None:
    """204, without a body."""


def _known_profile(text: str) -> Profile:
    for profile in Profile:
        if profile.value.casefold() == text.casefold():
            return profile
    raise ValueError(f"{text!r} is not a profile that we know, and would be lost")


def _profiles_to_wire(profiles: Iterable[Profile]) -> list[dict[str, str]]:
    return [{"tipo_perfil": Profile(profile).value} for profile in profiles]


def _read_named(fields: Fields) -> Person:
    fields.text("nome")
    return _read(fields)


def _read(fields: Fields) -> Person:
    return Person(
        id=fields.id(),
        name=fields.maybe_text("nome"),
        kind=fields.maybe_text("tipo_pessoa"),
        document=fields.maybe_text("documento"),
        email=fields.maybe_text("email"),
        active=fields.maybe_flag("ativo"),
        profiles=_read_profiles(fields),
        changed_at=fields.maybe_moment("data_alteracao"),
        raw=fields.raw,
    )


def _read_profiles(fields: Fields) -> tuple[str, ...]:
    """Words in the search, objects elsewhere."""
    listed = fields.raw.get("perfis") or []
    if not isinstance(listed, list):
        raise Unusable("a person's 'perfis' is not a list")
    words = (each.get("tipo_perfil") if isinstance(each, dict) else each for each in listed)
    return tuple(word for word in words if isinstance(word, str))
