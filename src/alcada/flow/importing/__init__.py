"""A spreadsheet from its upload to its report: read, matched, checked, made. Its rows' kind says what they are."""
