"""What to say beside a figure that can't be taken, whoever reads it: a form, the API, a spreadsheet."""

from django.utils.translation import gettext as _


def amount_sentence(code: str) -> str:
    """What to say beside an amount that money.parse_brl refused with this code."""
    sentences = {
        "empty": _("Fill in the value."),
        "ambiguous": _("Is this a thousand, or one and a part? Write 1.234,00 or 1,23."),
        "negative": _("The value must be more than zero."),
        "too_many_decimals": _("An amount has two decimals at most, like 1.234,56."),
        "too_large": _("The value is too large."),
    }
    return sentences.get(code, _("This is no amount in reais. Write it like 1.234,56."))


def document_sentence(code: str) -> str:
    """What to say beside a CPF or CNPJ that directory.documents.check refused with this code."""
    sentences = {
        "length": _("A CPF has 11 digits and a CNPJ 14 places: count again."),
        "characters": _("A CPF has only digits; a CNPJ has letters in its first twelve places only."),
        "repeated": _("Nobody has this number. Is it made up?"),
    }
    return sentences.get(code, _("The check digits don't match: there is a mistyped digit."))
