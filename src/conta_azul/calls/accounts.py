"""Bank accounts (`contas financeiras`). There is no way to create one by the API."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from conta_azul.answer import Fields, Raw
from conta_azul.call import Pages, flag, given, repeated
from conta_azul.enums import AccountKind
from conta_azul.limits import DEFAULT_PAGE_SIZE


@dataclass(frozen=True)
class Account:
    """A bank account; `kind` is Conta Azul's word (see `AccountKind`). Branch and number: only in `raw`."""

    id: str
    name: str
    kind: str | None
    bank: str | None
    active: bool | None
    default: bool | None
    raw: Raw = field(repr=False)


# developers.contaazul.com/docs/financial-apis-openapi (searchFinancialAccounts), read 2026-11-24
def list(
    *,
    active_only: bool | None = None,
    kinds: Iterable[AccountKind] = (),
    name: str | None = None,
    show_petty_cash: bool | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
) -> Pages[Account]:
    """Bank accounts. For a payable, one of kind RECEBA_FACIL_CARTAO is refused (documented)."""
    params = given(
        ("apenas_ativo", flag(active_only)), ("nome", name), ("mostrar_caixinha", flag(show_petty_cash))
    )
    wanted = repeated("tipos", (AccountKind(kind).value for kind in kinds))
    return Pages("/v1/conta-financeira", _read, params + wanted, page_size)


def _read(fields: Fields) -> Account:
    return Account(
        id=fields.id(),
        name=fields.text("nome"),
        kind=fields.maybe_text("tipo"),
        bank=fields.maybe_text("banco"),
        active=fields.maybe_flag("ativo"),
        default=fields.maybe_flag("conta_padrao"),
        raw=fields.raw,
    )
