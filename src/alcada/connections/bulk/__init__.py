"""Companies, accounts, rules and mappings from one file: read, looked at, made."""
