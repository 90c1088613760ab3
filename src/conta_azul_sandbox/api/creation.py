"""Creating entries: the synchronous way, 201 (docs/conta-azul-api.md §3.1)."""

from conta_azul_sandbox.api.references import check_account, check_category, check_cost_centre, check_person
from conta_azul_sandbox.call import Call, Reply
from conta_azul_sandbox.clock import local_date
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.enums import METHODS
from conta_azul_sandbox.errors import InvalidError
from conta_azul_sandbox.fields import Fields
from conta_azul_sandbox.ids import Ids
from conta_azul_sandbox.model import (
    PAYABLE,
    RECEIVABLE,
    Amounts,
    CategoryShare,
    CostCentreShare,
    Event,
    Instalment,
)
from conta_azul_sandbox.shapes import entries

PARTY_FIELD = {PAYABLE: "id_fornecedor", RECEIVABLE: "id_cliente"}


def create_payable(call: Call) -> Reply:
    return _create(call, PAYABLE)


def create_receivable(call: Call) -> Reply:
    return _create(call, RECEIVABLE)


def _create(call: Call, kind: str) -> Reply:
    fields = Fields(call.json(), strict=call.strict)
    event = read_event(fields, kind, PARTY_FIELD[kind], call.world.ids, call.company, call.now)
    check_references(event, call.company, enforce_profiles=call.settings.enforce_profiles)
    call.company.save(event, now=call.now, lag=call.lag)
    return Reply(201, entries.created(event, local_date(call.now)))


def read_event(
    fields: Fields,
    kind: str,
    party_field: str,
    ids: Ids,
    company: Company,
    now: float,
    *,
    older: bool = False,
) -> Event:
    """The entry that a body describes, its sums checked. `older` reads the older path's body (§3.3)."""
    description = fields.text("descricao")
    competence = fields.date("data_competencia")
    cents = fields.cents("valor")
    if cents <= 0:
        raise fields.refuse("valor", "deve ser maior que zero.")
    account = fields.maybe_uuid("conta_financeira") if older else fields.uuid("conta_financeira")
    party = fields.maybe_uuid(party_field) if older else fields.uuid(party_field)
    note = fields.maybe_text("observacao")
    external = None if older else fields.maybe_text("referencia_externa")
    shares = _read_shares(fields, cents)
    condition = fields.inner("condicao_pagamento")
    instalments = _read_instalments(condition, cents, ids, now, default_account=account, older=older)
    condition.done()
    fields.done()
    return Event(
        id=ids.new(),
        legacy_id=company.legacy_id(),
        version=1,
        kind=kind,
        description=description,
        competence=competence,
        cents=cents,
        account=account,
        party=party,
        note=note,
        external_reference=external,
        shares=shares,
        instalments=instalments,
        created_at=now,
        updated_at=now,
    )


def _read_shares(fields: Fields, cents: int) -> tuple[CategoryShare, ...]:
    shares = tuple(_read_share(row) for row in fields.rows("rateio"))
    if not shares:
        raise InvalidError("rateio: Deve possuir pelo menos uma categoria no rateio.")
    if sum(share.cents for share in shares) != cents:
        raise InvalidError(
            "rateio: A soma dos valores do rateio deve ser igual ao valor do evento financeiro."
        )
    return shares


def _read_share(row: Fields) -> CategoryShare:
    category, cents = row.uuid("id_categoria"), row.cents("valor")
    if cents <= 0:
        raise row.refuse("valor", "deve ser maior que zero.")
    centres = tuple(_read_centre(each) for each in row.rows("rateio_centro_custo"))
    row.done()
    if centres and sum(centre.cents for centre in centres) != cents:
        raise row.refuse(
            "rateio_centro_custo", "a soma dos centros de custo deve ser igual ao valor da categoria."
        )
    return CategoryShare(category, cents, centres)


def _read_centre(row: Fields) -> CostCentreShare:
    share = CostCentreShare(row.uuid("id_centro_custo"), row.cents("valor"))
    row.done()
    return share


def _read_instalments(
    condition: Fields, cents: int, ids: Ids, now: float, *, default_account: str | None, older: bool
) -> tuple[Instalment, ...]:
    rows = condition.rows("parcelas")
    if not rows:
        raise condition.refuse("parcelas", "Deve possuir pelo menos uma parcela.")
    instalments = tuple(
        _read_instalment(row, index, ids, now, default_account=default_account, older=older)
        for index, row in enumerate(rows, start=1)
    )
    # Assumed: it is the gross values that add up; a discount does not change what the entry is worth.
    if sum(each.amounts.gross for each in instalments) != cents:
        raise condition.refuse(
            "parcelas", "a soma das parcelas deve ser igual ao valor do evento financeiro."
        )
    return instalments


def _read_instalment(
    row: Fields, index: int, ids: Ids, now: float, *, default_account: str | None, older: bool
) -> Instalment:
    account = row.maybe_uuid("conta_financeira") or default_account if older else row.uuid("conta_financeira")
    if account is None:
        raise row.refuse("conta_financeira", "campo obrigatório não informado.")
    detail = row.inner("detalhe_valor")
    if older and not detail.has("valor_liquido"):
        raise InvalidError("valor da parcela: O valor líquido deve ser informado.")
    instalment = Instalment(
        id=ids.new(),
        version=1,
        index=index,
        description=row.text("descricao"),
        due=row.date("data_vencimento"),
        account=account,
        amounts=read_amounts(detail),
        updated_at=now,
        note=row.maybe_text("nota"),
        method=row.maybe_choice("metodo_pagamento", METHODS),
    )
    row.done()
    return instalment


def read_amounts(fields: Fields, *, with_net: bool = True) -> Amounts:
    amounts = Amounts(
        gross=fields.cents("valor_bruto"),
        discount=fields.maybe_cents("desconto") or 0,
        interest=fields.maybe_cents("juros") or 0,
        fine=fields.maybe_cents("multa") or 0,
        fee=fields.maybe_cents("taxa") or 0,
    )
    net = fields.maybe_cents("valor_liquido") if with_net else None
    fields.done()
    if min(amounts.gross, amounts.discount, amounts.interest, amounts.fine, amounts.fee) < 0:
        raise fields.refuse("valor_bruto", "os valores devem ser maiores ou iguais a zero.")
    if net is not None and net != amounts.net:
        raise fields.refuse("valor_liquido", "deve ser valor_bruto + juros + multa - desconto - taxa.")
    return amounts


def check_references(event: Event, company: Company, *, enforce_profiles: bool = False) -> None:
    for account_id in dict.fromkeys((event.account, *(each.account for each in event.instalments))):
        if account_id is not None:
            check_account(company, account_id, event.kind)
    if event.party is not None:
        check_person(company, event.party, event.kind, enforce_profiles=enforce_profiles)
    for share in event.shares:
        check_category(company, share.category, event.kind)
        for centre in share.cost_centres:
            check_cost_centre(company, centre.cost_centre)
