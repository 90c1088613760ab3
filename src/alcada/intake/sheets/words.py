"""The fixed words that a cell may hold: kinds of entry, ways of paying. Pure."""

from collections.abc import Mapping
from typing import Final

from alcada.sheets.columns import folded

_KINDS: Final[Mapping[str, tuple[str, ...]]] = {
    "payable": (
        "a pagar",
        "pagar",
        "payable",
        "conta a pagar",
        "despesa",
        "p",
        "d",
        "debito",
        "saida",
        "expense",
        "pagamento",
    ),
    "receivable": (
        *(
            "a receber",
            "receber",
            "receivable",
            "conta a receber",
            "receita",
            "r",
            "c",
            "credito",
            "entrada",
            "income",
        ),
        "recebimento",
    ),
}
_METHODS: Final[Mapping[str, tuple[str, ...]]] = {
    "boleto": ("boleto", "boleto bancario", "bank slip"),
    "pix": ("pix",),
    "transfer": (
        *(
            "transferencia",
            "ted",
            "doc",
            "ted doc",
            "transfer",
            "bank transfer",
            "transferencia bancaria",
            "deposito",
        ),
        *("wire", "credito em conta"),
    ),
    "credit_card": ("cartao de credito", "credit card", "cartao", "credito"),
    "debit_card": ("cartao de debito", "debit card", "debito"),
    "cash": ("dinheiro", "cash", "especie", "em especie"),
    "cheque": ("cheque", "check"),
    "direct_debit": ("debito automatico", "direct debit", "debito em conta"),
    "other": ("outro", "outros", "other", "outra", "outras"),
}


def kind(text: str) -> str:
    """The kind of entry that a cell names; empty for none."""
    return _word(_KINDS, text)


def method(text: str) -> str:
    """The payment method that a cell names; empty for none."""
    return _word(_METHODS, text)


def _word(table: Mapping[str, tuple[str, ...]], text: str) -> str:
    wanted = folded(text)
    return next((name for name, words in table.items() if wanted == name or wanted in words), "")
