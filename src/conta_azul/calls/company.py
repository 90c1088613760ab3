"""Which company a token belongs to."""

import datetime as dt
from dataclasses import dataclass, field

from conta_azul.answer import Answer, Raw, Unusable
from conta_azul.call import Call


@dataclass(frozen=True)
class Company:
    """The connected company: compare it after each authorisation. `id`, `document` or both are there."""

    id: str | None
    document: str | None = field(repr=False)
    legal_name: str | None
    trade_name: str | None
    email: str | None = field(repr=False)
    founded: dt.date | None
    raw: Raw = field(repr=False)


# developers.contaazul.com/open-api-docs/open-api-person/v1/retornaempresadacontaconectada, read 2026-11-24
def connected() -> Call[Company]:
    """The company that authorised this token."""
    return Call("GET", "/v1/pessoas/conta-conectada", _read)


def _read(answer: Answer) -> Company:
    fields = answer.fields(lenient=True)
    # id_empresa was added on 2026-07-10 (changelog); before it the document was all there was.
    company = Company(
        id=fields.maybe_id("id_empresa"),
        document=fields.maybe_id("documento"),
        legal_name=fields.maybe_text("razao_social"),
        trade_name=fields.maybe_text("nome_fantasia"),
        email=fields.maybe_text("email"),
        founded=fields.maybe_date("data_fundacao"),
        raw=fields.raw,
    )
    if company.id is None and company.document is None:
        raise Unusable("the answer has neither 'id_empresa' nor 'documento'")
    return company
