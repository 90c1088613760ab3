"""Dates as people type them. No Django."""

from datetime import date


def read_day(text: str) -> date | None:
    """The date that somebody typed: 31/12/2026, 31/12/26, 31122026 or 2026-12-31. None for anything else."""
    text = text.strip().replace(".", "/")
    try:
        if len(text) == 10 and text[4] == "-":
            found = date.fromisoformat(text)
        else:
            if "/" not in text and len(text) in (6, 8):
                text = f"{text[:2]}/{text[2:4]}/{text[4:]}"
            day, month, year = (part.strip() for part in text.split("/"))
            if not (day + month + year).isascii() or len(year) not in (2, 4):
                return None
            found = date(int(year) + (2000 if len(year) == 2 else 0), int(month), int(day))
    except ValueError:
        return None
    return found if 2000 <= found.year <= 2099 else None
