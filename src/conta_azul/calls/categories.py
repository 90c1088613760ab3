"""Categories (`categorias`). There is no way to create one by the API."""

from dataclasses import dataclass, field

from conta_azul.answer import Fields, Raw
from conta_azul.call import Pages, flag, given
from conta_azul.enums import EntryKind
from conta_azul.limits import DEFAULT_PAGE_SIZE


@dataclass(frozen=True)
class Category:
    """A category; `kind` is Conta Azul's word (see `EntryKind`)."""

    id: str
    name: str
    kind: str | None
    parent_id: str | None
    raw: Raw = field(repr=False)


# developers.contaazul.com/docs/financial-apis-openapi (searchCategories), read 2026-11-24
def list(
    *,
    kind: EntryKind | None = None,
    leaves_only: bool = False,
    text: str | None = None,
    name: str | None = None,
    page_size: int = DEFAULT_PAGE_SIZE,
) -> Pages[Category]:
    """Categories; an entry goes to a leaf.

    Assumed: `permite_apenas_filhos`, which the description requires without saying what it does, follows
    `apenas_filhos`, the filter that is explained.
    """
    params = given(
        ("tipo", EntryKind(kind).value if kind else None),
        ("apenas_filhos", flag(leaves_only or None)),
        ("permite_apenas_filhos", flag(leaves_only)),
        ("busca", text),
        ("nome", name),
    )
    return Pages("/v1/categorias", _read, params, page_size)


def _read(fields: Fields) -> Category:
    return Category(
        id=fields.id(),
        name=fields.text("nome"),
        kind=fields.maybe_text("tipo"),
        parent_id=fields.maybe_id("categoria_pai"),
        raw=fields.raw,
    )
