"""The feed of changed entries (`alteracoes`)."""

import datetime as dt

from conta_azul import times
from conta_azul.answer import Fields
from conta_azul.call import Pages
from conta_azul.limits import DEFAULT_PAGE_SIZE, LONGEST_CHANGE_WINDOW_DAYS


# developers.contaazul.com/docs/financial-apis-openapi (getAlteredFinancialEvents), read 2026-11-24
def list(start: dt.datetime, end: dt.datetime, *, page_size: int = DEFAULT_PAGE_SIZE) -> Pages[str]:
    """Ids of the events (payables and receivables) saved between two moments, at most 365 days apart.

    Saved, not necessarily changed. How long after a write its id appears is not documented.
    """
    params = (("data_inicio", times.to_wire(start)), ("data_fim", times.to_wire(end, up=True)))
    if end < start:
        raise ValueError("The end is before the start")
    if end - start > dt.timedelta(days=LONGEST_CHANGE_WINDOW_DAYS):
        raise ValueError(f"The feed covers at most {LONGEST_CHANGE_WINDOW_DAYS} days at once")
    return Pages("/v1/financeiro/eventos-financeiros/alteracoes", Fields.id, params, page_size)
