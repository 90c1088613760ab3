"""Payables and receivables (`contas a pagar`, `contas a receber`): creating, listing, searching."""

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

from conta_azul import checks, times
from conta_azul.call import Call, Pages, Params, given, repeated
from conta_azul.enums import SearchStatus
from conta_azul.limits import DEFAULT_PAGE_SIZE
from conta_azul.new_entry import CategorySplit, NewEntry, NewInstalment
from conta_azul.read_entry import (
    CreatedEntry,
    CreatedInstalment,
    FoundInstalment,
    ListedEvent,
    ListedInstalment,
    Named,
    read_created,
    read_found,
    read_listed,
)

__all__ = [
    "CategorySplit",
    "CreatedEntry",
    "CreatedInstalment",
    "FoundInstalment",
    "ListedEvent",
    "ListedInstalment",
    "Named",
    "NewEntry",
    "NewInstalment",
    "create_payable",
    "create_receivable",
    "list_payables",
    "list_receivables",
    "search_payables",
    "search_receivables",
]

_PAYABLES = "/v1/financeiro/contas-a-pagar"
_RECEIVABLES = "/v1/financeiro/contas-a-receber"
_OLDER = "/v1/financeiro/eventos-financeiros"


# developers.contaazul.com/open-api-docs/open-api-finance/eventos-financeiros/criardespesa, read 2026-11-24
# developers.contaazul.com/docs/financial-apis-openapi/v1/createpayable, read 2026-11-24
def create_payable(entry: NewEntry) -> Call[CreatedEntry]:
    """Create a payable for a supplier. No idempotency key: never repeat it after `MayHaveArrived`."""
    return Call("POST", _PAYABLES, read_created, body=entry.to_wire("id_fornecedor"))


# developers.contaazul.com/open-api-docs/open-api-finance/eventos-financeiros/criarreceita, read 2026-11-24
# developers.contaazul.com/docs/financial-apis-openapi/v1/createreceivable, read 2026-11-24
def create_receivable(entry: NewEntry) -> Call[CreatedEntry]:
    """Create a receivable; the party is a customer. There is no idempotency key, as for a payable."""
    return Call("POST", _RECEIVABLES, read_created, body=entry.to_wire("id_cliente"))


# developers.contaazul.com/open-api-docs/open-api-finance/parcelas (paths), read 2026-11-24
def list_payables(
    due_from: dt.date, due_to: dt.date, *, page_size: int = DEFAULT_PAGE_SIZE
) -> Pages[ListedInstalment]:
    """Instalments of payables due in a period, with their entries' reference and note.

    Assumed, from code that a third party generated from the official description: the two dates are the only
    known filters, and the entry comes nested as `evento_financeiro`. The envelope's keys are not known; all
    known ones are read.
    """
    return Pages(_PAYABLES, read_listed, _due(due_from, due_to), page_size)


# developers.contaazul.com/open-api-docs/open-api-finance/parcelas (paths), read 2026-11-24
def list_receivables(
    due_from: dt.date, due_to: dt.date, *, page_size: int = DEFAULT_PAGE_SIZE
) -> Pages[ListedInstalment]:
    """Instalments of receivables due in a period; otherwise as `list_payables`."""
    return Pages(_RECEIVABLES, read_listed, _due(due_from, due_to), page_size)


# developers.contaazul.com/docs/financial-apis-openapi (searchInstallmentsToPayByFilter), read 2026-11-24
def search_payables(
    due_from: dt.date,
    due_to: dt.date,
    *,
    value_from: Decimal | None = None,
    value_to: Decimal | None = None,
    description: str | None = None,
    competence_from: dt.date | None = None,
    competence_to: dt.date | None = None,
    changed_from: dt.datetime | None = None,
    changed_to: dt.datetime | None = None,
    statuses: Iterable[SearchStatus] = (),
    bank_account_ids: Iterable[str] = (),
    category_ids: Iterable[str] = (),
    cost_centre_ids: Iterable[str] = (),
    page_size: int = DEFAULT_PAGE_SIZE,
) -> Pages[FoundInstalment]:
    """Instalments of payables due in a period, and more filters. There is none by supplier.

    The period is required: make it wide to search by something else. How `description` is matched is not
    documented.
    """
    params = (
        _due(due_from, due_to)
        + _filters(
            value_from, value_to, description, competence_from, competence_to, changed_from, changed_to
        )
        + _lists(statuses, bank_account_ids, category_ids, cost_centre_ids)
    )
    return Pages(f"{_OLDER}/contas-a-pagar/buscar", read_found, params, page_size)


# developers.contaazul.com/docs/financial-apis-openapi (searchInstallmentsToReceiveByFilter), read 2026-11-24
def search_receivables(
    due_from: dt.date,
    due_to: dt.date,
    *,
    value_from: Decimal | None = None,
    value_to: Decimal | None = None,
    description: str | None = None,
    competence_from: dt.date | None = None,
    competence_to: dt.date | None = None,
    changed_from: dt.datetime | None = None,
    changed_to: dt.datetime | None = None,
    statuses: Iterable[SearchStatus] = (),
    bank_account_ids: Iterable[str] = (),
    category_ids: Iterable[str] = (),
    cost_centre_ids: Iterable[str] = (),
    customer_ids: Iterable[str] = (),
    page_size: int = DEFAULT_PAGE_SIZE,
) -> Pages[FoundInstalment]:
    """Instalments of receivables due in a period; as `search_payables`, with a filter by customer too."""
    params = (
        _due(due_from, due_to)
        + _filters(
            value_from, value_to, description, competence_from, competence_to, changed_from, changed_to
        )
        + _lists(statuses, bank_account_ids, category_ids, cost_centre_ids)
        + repeated("ids_clientes", customer_ids)
    )
    return Pages(f"{_OLDER}/contas-a-receber/buscar", read_found, params, page_size)


def _due(due_from: dt.date, due_to: dt.date) -> Params:
    first, last = checks.a_date(due_from, "due_from"), checks.a_date(due_to, "due_to")
    if last < first:
        raise ValueError("due_to is before due_from")
    return (("data_vencimento_de", first.isoformat()), ("data_vencimento_ate", last.isoformat()))


def _filters(
    value_from: Decimal | None,
    value_to: Decimal | None,
    description: str | None,
    competence_from: dt.date | None,
    competence_to: dt.date | None,
    changed_from: dt.datetime | None,
    changed_to: dt.datetime | None,
) -> Params:
    return given(
        ("valor_de", _value(value_from)),
        ("valor_ate", _value(value_to)),
        ("descricao", description),
        ("data_competencia_de", competence_from.isoformat() if competence_from else None),
        ("data_competencia_ate", competence_to.isoformat() if competence_to else None),
        ("data_alteracao_de", times.to_wire(changed_from) if changed_from else None),
        ("data_alteracao_ate", times.to_wire(changed_to, up=True) if changed_to else None),
    )


def _value(amount: Decimal | None) -> str | None:
    return None if amount is None else f"{checks.an_amount(amount, 'value'):.2f}"


def _lists(
    statuses: Iterable[SearchStatus],
    bank_account_ids: Iterable[str],
    category_ids: Iterable[str],
    cost_centre_ids: Iterable[str],
) -> Params:
    return (
        repeated("status", (SearchStatus(status).value for status in statuses))
        + repeated("ids_contas_financeiras", bank_account_ids)
        + repeated("ids_categorias", category_ids)
        + repeated("ids_centros_de_custo", cost_centre_ids)
    )
