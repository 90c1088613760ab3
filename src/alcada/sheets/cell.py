"""What stands in a cell, as far as we read it. Apart from the reader, which loads a library that few processes need."""

# A dictionary: what a JSON of it can hold of a day, a moment, or a formula without a value.
Cell = str | int | float | dict[str, str]
