"""The columns of the file, in Portuguese and in English, and its template. Pure."""

import unicodedata
from typing import Final

Table = dict[str, tuple[str, ...]]

# A column's own name: what it is called in Portuguese, in English, and what else people write. The first two are the
# template's. Compared without accents, case and signs.
COLUMNS: Final[Table] = {
    "what": ("o que", "what", "linha", "registro", "line", "record"),
    "document": ("cnpj", "document", "cpf cnpj", "cnpj cpf", "cpf", "documento"),
    "company": ("empresa", "company", "razao social", "company name"),
    "account": ("conta", "account", "nome da conta", "account name"),
    "owner_name": ("responsável", "owner", "nome do responsavel", "owner name", "owner s name"),
    "owner_email": (
        "e-mail do responsável",
        "owner e-mail",
        "email do responsavel",
        "owner email",
        "owner s e mail",
    ),
    "requesters": ("solicitantes", "requesters", "solicitante", "requester"),
    "approvers": ("aprovadores", "approvers", "aprovador", "approver"),
    "administrators": ("administradores", "administrators", "administrador", "administrator"),
    "payable_category": ("categoria habitual a pagar", "usual payable category"),
    "receivable_category": ("categoria habitual a receber", "usual receivable category"),
    "usual_cost_centre": ("centro de custo habitual", "usual cost centre", "usual cost center"),
    "usual_bank_account": ("conta financeira habitual", "usual bank account"),
    "order": ("ordem", "order"),
    "name": ("regra", "rule", "nome da regra", "rule name"),
    "kind": ("tipo", "kind", "type"),
    "category": ("categoria", "category"),
    "cost_centre": ("centro de custo", "cost centre", "cost center"),
    "vendor": (
        "cnpj do fornecedor",
        "vendor document",
        "cpf cnpj do fornecedor",
        "documento do fornecedor",
        "fornecedor",
        "vendor",
    ),
    "over": ("valor acima de", "value over", "acima de"),
    "up_to": ("valor até", "value up to"),
    "refusal": ("recusa", "refusal"),
    "register": ("cadastro", "register"),
    "here": ("nome aqui", "name here", "aqui", "here"),
    "there": ("nome no conta azul", "name there", "la", "there", "name in conta azul"),
}

WHATS: Final[Table] = {
    "account": ("conta", "account", "empresa", "company", ""),
    "rule": ("regra", "rule"),
    "mapping": ("de para", "mapping", "depara", "mapeamento", "equivalencia"),
}
KINDS: Final[Table] = {
    "payable": ("a pagar", "payable", "pagar", "conta a pagar", "despesa"),
    "receivable": ("a receber", "receivable", "receber", "conta a receber", "receita"),
}
REGISTERS: Final[Table] = {
    "payable_category": ("categoria a pagar", "payable category", "categoria de despesa"),
    "receivable_category": ("categoria a receber", "receivable category", "categoria de receita"),
    "cost_centre": ("centro de custo", "cost centre", "cost center"),
    "bank_account": ("conta financeira", "bank account"),
}
DEFAULTS: Final = ("padrao", "default")
NAMED: Final = {"requesters": "requester", "approvers": "approver", "administrators": "administrator"}

_EXAMPLE: Final = "11.222.333/0001-81"
# Column → text, for Portuguese and English: one line of each kind.
EXAMPLES: Final[tuple[tuple[dict[str, str], dict[str, str]], ...]] = (
    (
        {
            "what": "conta",
            "document": _EXAMPLE,
            "company": "Padaria Aurora Ltda",
            "account": "Matriz",
            "owner_name": "Marta Reis",
            "owner_email": "marta@exemplo.com.br",
            "requesters": "ana@exemplo.com.br",
            "approvers": "Bruno Lima <bruno@exemplo.com.br>",
            "payable_category": "Aluguel",
        },
        {"what": "account"},
    ),
    (
        {
            "what": "regra",
            "document": _EXAMPLE,
            "account": "Matriz",
            "order": "10",
            "name": "Aluguéis altos",
            "kind": "a pagar",
            "category": "Aluguel",
            "over": "5.000,00",
        },
        {"what": "rule", "kind": "payable"},
    ),
    (
        {"what": "regra", "document": _EXAMPLE, "account": "Matriz", "order": "padrão"},
        {"what": "rule", "order": "default"},
    ),
    (
        {
            "what": "de-para",
            "document": _EXAMPLE,
            "account": "Matriz",
            "register": "categoria a pagar",
            "here": "Aluguel",
            "there": "Aluguéis e condomínios",
        },
        {"what": "mapping", "register": "payable category"},
    ),
)


def folded(text: str) -> str:
    """As headers and fixed words are compared."""
    bare = "".join(c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in bare).split())


_BY_HEADER: Final = {folded(alias): name for name, aliases in COLUMNS.items() for alias in aliases}


def column_of(header: str) -> str:
    """The column that a header names; empty for one that we don't read."""
    return _BY_HEADER.get(folded(header), "")


def word(table: Table, text: str) -> str:
    """The entry of the table that a cell means; empty for none."""
    wanted = folded(text)
    return next((name for name, words in table.items() if wanted in words), "")


def header(name: str, language: str) -> str:
    """What a column is called in the template and beside a problem."""
    return COLUMNS[name][1 if language.startswith("en") else 0]


def template(language: str) -> tuple[list[str], list[list[str]]]:
    """The template's header and one line of each kind."""
    english = language.startswith("en")
    lines = [portuguese | (other if english else {}) for portuguese, other in EXAMPLES]
    return [header(name, language) for name in COLUMNS], [
        [line.get(name, "") for name in COLUMNS] for line in lines
    ]
