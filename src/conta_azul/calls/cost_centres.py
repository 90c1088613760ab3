"""Cost centres (`centros de custo`)."""

from dataclasses import dataclass, field

from conta_azul import checks, limits
from conta_azul.answer import Fields, Raw
from conta_azul.call import Call, Pages, given
from conta_azul.enums import Activity
from conta_azul.limits import DEFAULT_PAGE_SIZE

_COST_CENTRES = "/v1/centro-de-custo"


@dataclass(frozen=True)
class CostCentre:
    """A cost centre; its code is often empty."""

    id: str
    name: str | None
    code: str | None
    active: bool | None
    raw: Raw = field(repr=False)


# developers.contaazul.com/docs/financial-apis-openapi (searchCostCenters), read 2026-11-24
def list(
    *, text: str | None = None, activity: Activity | None = None, page_size: int = DEFAULT_PAGE_SIZE
) -> Pages[CostCentre]:
    """Cost centres, by a text in name or code."""
    params = given(("busca", text), ("filtro_rapido", Activity(activity).value if activity else None))
    return Pages(_COST_CENTRES, _read_named, params, page_size)


# developers.contaazul.com/docs/financial-apis-openapi (createCostCenter), read 2026-11-24
def create(name: str, code: str | None = None) -> Call[CostCentre]:
    """Create a cost centre, for good. Whether a name may be there twice is not documented."""
    body = {"nome": checks.a_text(name, "name", limits.COST_CENTRE_NAME)}
    if code:
        body["codigo"] = checks.not_too_long(code, "code", limits.COST_CENTRE_CODE)
    return Call("POST", _COST_CENTRES, lambda answer: _read(answer.fields(lenient=True)), body=body)


def _read_named(fields: Fields) -> CostCentre:
    fields.text("nome")
    return _read(fields)


def _read(fields: Fields) -> CostCentre:
    return CostCentre(
        id=fields.id(),
        name=fields.maybe_text("nome"),
        code=fields.maybe_text("codigo"),
        active=fields.maybe_flag("ativo"),
        raw=fields.raw,
    )
