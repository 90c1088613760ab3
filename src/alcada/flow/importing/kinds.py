"""What a file's rows may be. A kind has `columns`, `check` and `make`; deals will be another."""

from typing import Final

from alcada.flow.importing.entries import EntryRows

KINDS: Final[dict[str, type[EntryRows]]] = {"entries": EntryRows}
