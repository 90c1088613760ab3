"""What to say of a cell that can't be read."""

from django.utils.translation import gettext as _

from alcada import money
from alcada.sentences import amount_sentence
from alcada.sheets.values import CellError


def cell_sentence(error: CellError) -> str:
    """What to say of a cell that can't be read."""
    sentences = {
        "formula": _("This cell is a formula, and its value is not in the file. Paste it as a value."),
        "error": _("The spreadsheet shows an error here (%(text)s).") % {"text": error.text},
        "merged": _("This cell is merged with another line's. Give each line its own value."),
        "nul": _("There are characters here that no text has."),
        "shortened": _("The spreadsheet shortened this number. Format the column as text and type it again."),
        "no_day": _("This is no date. Write it like 31/12/2026."),
    }
    return sentences[error.code]


def amount_problem(error: money.AmountError) -> str:
    if error.code == "ambiguous":
        sentence = _(
            "“%(text)s” may be a thousand, or one and a part. Write 1.234,00 or 1,23, or say so under Columns."
        )
        return sentence % {"text": error.text.strip()[:20]}
    return amount_sentence(error.code)
