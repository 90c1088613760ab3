"""What an entry is found by of a company's own fields of choice and of text: marks beside its words. Pure.

The other side, the marks that each entry carries, is the trigger of migration 0010.
"""

from hashlib import sha256

from alcada.intake import searching


def choice(field: int, value: str) -> str:
    """Exactly this choice, also one that is no longer among the field's."""
    return searching.tagged(f"@o{field}:=", [sha256(value.encode()).hexdigest()[:16]])


def words(field: int, text: str) -> str:
    """All of these words in the field, each by how it begins."""
    return searching.words(text, f"@o{field}:~")
