"""Pessoas (docs/conta-azul-api.md §4.1)."""

from collections.abc import Callable
from typing import Any

from conta_azul_sandbox.api.instalments import check_uuid
from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.clock import local_date
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.documents import only_digits_and_letters
from conta_azul_sandbox.enums import PERSON_KINDS, PROFILES
from conta_azul_sandbox.errors import InvalidError, NotThereError
from conta_azul_sandbox.fields import Fields
from conta_azul_sandbox.model import Person
from conta_azul_sandbox.money import with_floats
from conta_azul_sandbox.query import Query, slice_page
from conta_azul_sandbox.shapes import registers as shapes

LIST_QUERY = frozenset(
    {
        "pagina",
        "tamanho_pagina",
        "tipo_ordenacao",
        "ordem_ordenacao",
        "busca",
        "ids",
        "documentos",
        "paises",
        "cidades",
        "ufs",
        "codigos_pessoa",
        "emails",
        "tipos_pessoa",
        "nomes",
        "telefones",
        "data_criacao_inicio",
        "data_criacao_fim",
        "data_alteracao_de",
        "data_alteracao_ate",
        "tipo_perfil",
        "com_endereco",
    }
)
ORDERS: dict[str, Callable[[Person], Any]] = {
    "nome": lambda person: person.name.lower(),
    "email": lambda person: str(person.details.get("email") or ""),
    "documento": lambda person: person.document or "",
    "ativo": lambda person: person.active,
}
# PATCH names two fields differently from POST and PUT (§4.1); both land under the name of the read.
RENAMED_IN_FULL = {"nome_fantasia": "nome_empresa", "optante_simples": "optante_simples_nacional"}
RENAMED_IN_FULL |= {"agencia_publica": "orgao_publico"}
TEXTS = {
    "rg": 20,
    "codigo": 20,
    "email": 100,
    "telefone_celular": 30,
    "telefone_comercial": 30,
    "observacao": 2000,
}
LISTS = ("enderecos", "inscricoes", "outros_contatos")
NEEDED_BY_PUT = ("codigo", "rg", "data_nascimento", "email", "telefone_comercial", "observacao", *LISTS)


def connected_company(call: Call) -> Reply:
    company = call.company
    return Reply(
        200,
        {
            "id_empresa": company.id,
            "documento": company.document,
            "razao_social": company.legal_name,
            "nome_fantasia": company.trade_name,
            "data_fundacao": company.founded,
            "email": company.email,
        },
    )


def list_people(call: Call) -> Reply:
    """{totalItems, items}, and `items` is null when nothing matches (§2.3)."""
    query = Query(call)
    page = query.page()
    listed = [person for person in call.company.people.values() if person.listed_from <= call.now]
    kept = [person for person in listed if _passes(query, person)]
    order = query.choice("tipo_ordenacao", ORDERS)
    if order:
        backwards = query.choice("ordem_ordenacao", ("ASC", "DESC")) == "DESC"
        kept.sort(key=ORDERS[order], reverse=backwards)
    with_address = query.flag("com_endereco")
    items = [shapes.person_row(person, with_address=with_address) for person in slice_page(kept, page)]
    return Reply(200, {"totalItems": len(kept), "items": items or None})


def _passes(query: Query, person: Person) -> bool:
    return _passes_lists(query, person) and _passes_dates(query, person) and _passes_search(query, person)


def _passes_lists(query: Query, person: Person) -> bool:
    details = person.details
    first = next(iter(_dicts(details.get("enderecos"))), {})
    # Assumed: documents match with and without punctuation; not documented (§4.1).
    lists: tuple[tuple[str, object], ...] = (
        ("ids", person.id),
        ("nomes", person.name),
        ("codigos_pessoa", details.get("codigo")),
        ("emails", details.get("email")),
        ("telefones", details.get("telefone_comercial")),
        ("paises", first.get("pais")),
        ("cidades", first.get("cidade")),
        ("ufs", first.get("estado")),
    )
    documents = [only_digits_and_letters(each) for each in query.texts("documentos")]
    if documents and (person.document or "") not in documents:
        return False
    kinds = query.choices("tipos_pessoa", PERSON_KINDS)
    profile = query.choice("tipo_perfil", PROFILES)
    if (kinds and person.kind not in kinds) or (profile and profile not in person.profiles):
        return False
    return all(not (wanted := query.texts(name)) or value in wanted for name, value in lists)


def _passes_dates(query: Query, person: Person) -> bool:
    first, last = query.date("data_criacao_inicio"), query.date("data_criacao_fim")
    if (first is None) != (last is None):
        raise InvalidError("data_criacao_inicio e data_criacao_fim devem ser informadas juntas.")
    start, end = query.moment("data_alteracao_de"), query.moment("data_alteracao_ate")
    created = local_date(person.created_at)
    if first and last and not first <= created <= last:
        return False
    return (start is None or start <= person.updated_at) and (end is None or person.updated_at <= end)


def _passes_search(query: Query, person: Person) -> bool:
    wanted = (query.text("busca") or "").lower()
    if not wanted or wanted in person.name.lower():
        return True
    document = only_digits_and_letters(wanted)
    return bool(document) and document in (person.document or "")


def create(call: Call) -> Reply:
    fields = Fields(call.json(), strict=call.strict)
    person = Person(
        id=call.world.ids.new(),
        legacy_id=call.company.legacy_id(),
        legacy_uuid=call.world.ids.new(),
        name=fields.text("nome", most=200),
        kind=fields.choice("tipo_pessoa", PERSON_KINDS),
        document=None,
        profiles=_read_profiles(fields),
        created_at=call.now,
        updated_at=call.now,
        listed_from=call.now + call.lag,
    )
    if not person.profiles:
        raise fields.refuse("perfis", "Deve possuir pelo menos um perfil.")  # needed in practice (§4.1)
    _read_details(fields, person, RENAMED_IN_FULL)
    fields.done()
    if call.settings.duplicate_documents == "refuse":
        _refuse_duplicate(call.company, person)
    call.company.people[person.id] = person
    return Reply(200, shapes.person_created(person))


def read(call: Call) -> Reply:
    return Reply(200, shapes.person(_find(call)))


def read_legacy(call: Call) -> Reply:
    """Takes uuid_legado, not id_legado."""
    for person in call.company.people.values():
        if person.legacy_uuid == call.params["id"].lower():
            return Reply(200, shapes.person(person))
    raise NotThereError


def replace(call: Call) -> Reply:
    """Full replacement: asks for nearly everything, one missing field at a time (§4.1)."""
    person = _find(call)
    fields = Fields(call.json(), strict=call.strict)
    for name in NEEDED_BY_PUT:
        if name not in fields.data:
            raise fields.refuse(name, "campo obrigatório não informado.")
    name, kind = fields.text("nome", most=200), fields.choice("tipo_pessoa", PERSON_KINDS)
    fresh = Person(
        person.id, person.legacy_id, person.legacy_uuid, name, kind, None, [], person.created_at, call.now
    )
    fresh.listed_from = person.listed_from
    fresh.profiles = _read_profiles(fields) or person.profiles
    _read_details(fields, fresh, RENAMED_IN_FULL)
    fields.done()
    call.company.people[person.id] = fresh
    return Reply(200, shapes.person(fresh))


def update(call: Call) -> Reply:
    """204 without a body."""
    person = _find(call)
    fields = Fields(call.json(), strict=call.strict)
    name, kind = fields.maybe_text("nome", most=200), fields.maybe_choice("tipo_pessoa", PERSON_KINDS)
    profiles = _read_profiles(fields)
    fresh = Person(person.id, person.legacy_id, person.legacy_uuid, name or person.name, kind or person.kind,
                   person.document, profiles or person.profiles, person.created_at, call.now, person.active,
                   dict(person.details), person.listed_from)  # fmt: skip
    _read_details(fields, fresh, {"optante_simples_nacional": "optante_simples_nacional"})
    fields.done()
    call.company.people[person.id] = fresh
    return Reply(204, empty=True)


def activate(call: Call) -> Reply:
    return _switch(call, active=True)


def deactivate(call: Call) -> Reply:
    return _switch(call, active=False)


def _switch(call: Call, *, active: bool) -> Reply:
    """`todos` and the bucket that applies; the other is null. Assumed: they hold ids."""
    people = _batch(call)
    for person in people:
        person.active, person.updated_at = active, call.now
    ids = [person.id for person in people]
    return Reply(200, {"todos": ids, "ativos": ids if active else None, "inativos": None if active else ids})


def delete(call: Call) -> Reply:
    people = _batch(call)
    for person in people:
        if call.company.is_bound(person.id):
            raise InvalidError(
                f"A pessoa {person.name} está vinculada a um lançamento e não pode ser excluída."
            )
    for person in people:
        del call.company.people[person.id]
    return Reply(204, empty=True)


def _batch(call: Call) -> list[Person]:
    fields = Fields(call.json(), strict=call.strict)
    uuids = fields.texts("uuids")
    fields.done()
    if not 1 <= len(uuids) <= 10:
        raise fields.refuse("uuids", "deve conter de 1 a 10 identificadores.")
    found = [call.company.people.get(each.lower()) for each in uuids]
    people = [person for person in found if person]
    if len(people) != len(uuids):
        raise InvalidError("uuids: pessoa não encontrada ou já excluída.")
    return people


def _find(call: Call) -> Person:
    check_uuid(call.params["id"])
    person = call.company.people.get(call.params["id"].lower())
    if person is None:
        raise NotThereError
    return person


def _refuse_duplicate(company: Company, person: Person) -> None:
    if person.document and any(each.document == person.document for each in company.people.values()):
        raise InvalidError("Já existe uma pessoa cadastrada com este documento.")


def _read_profiles(fields: Fields) -> list[str]:
    profiles = []
    for row in fields.rows("perfis"):
        row.maybe_text("id")
        profiles.append(row.choice("tipo_perfil", PROFILES))
        row.done()
    return profiles


def _read_details(fields: Fields, person: Person, renamed: dict[str, str]) -> None:
    """Everything but name, kind and profiles; what is not sent keeps its value."""
    document = _read_document(fields)
    if document:
        person.document = document
    kept: dict[str, object] = {name: fields.maybe_text(name, most=most) for name, most in TEXTS.items()}
    kept["data_nascimento"] = fields.maybe_date("data_nascimento")
    kept["contato_cobranca_faturamento"] = fields.anything("contato_cobranca_faturamento")
    for name in LISTS:
        kept[name] = [row.data for row in fields.rows(name)] or None
    for written, shown in renamed.items():
        kept[shown] = fields.anything(written)
    if "nome_fantasia" not in renamed:
        kept["nome_empresa"] = fields.maybe_text("nome_empresa", most=200)
    person.active = fields.flag("ativo", default=person.active)
    person.details |= {name: with_floats(value) for name, value in kept.items() if value is not None}


def _read_document(fields: Fields) -> str | None:
    """Assumed: check digits are not looked at; a wrong length is refused."""
    for name, length in (("cpf", 11), ("cnpj", 14)):
        value = fields.maybe_text(name)
        if value:
            bare = only_digits_and_letters(value)
            if len(bare) != length:
                raise fields.refuse(name, f"{name.upper()} inválido.")
            fields.maybe_text("cnpj")
            return bare
    return None


def _dicts(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
