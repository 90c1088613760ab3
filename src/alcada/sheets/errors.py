"""Why a file as a whole can't be read."""


class SheetError(ValueError):
    """`code` is stable, `figures` belong in its sentence.

    empty, too_large, old_workbook (.xls), protected (by a password), macros (.xlsm), other_workbook (.ods, .xlsb),
    workbook (where only text is taken), bomb (it unpacks to far more than a spreadsheet has), not_text, no_lines,
    too_many_lines, too_many_columns, no_header, broken (`line`: quotes that don't end, a huge cell; a workbook that is
    none).
    """

    def __init__(self, code: str, **figures: str | int) -> None:
        super().__init__(code)
        self.code, self.figures = code, figures
