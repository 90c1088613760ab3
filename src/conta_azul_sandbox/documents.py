"""Check digits of CNPJ and CPF: generated documents must pass a client's own checks."""

import random


def cnpj(source: random.Random) -> str:
    digits = [source.randrange(10) for _ in range(8)] + [0, 0, 0, 1]
    return _with_check_digits(digits, (_weights(12, 9), _weights(13, 9)))


def cpf(source: random.Random) -> str:
    digits = [source.randrange(10) for _ in range(9)]
    return _with_check_digits(digits, (list(range(10, 1, -1)), list(range(11, 1, -1))))


def only_digits_and_letters(document: str) -> str:
    """Formatted and bare documents are the same; letters stay, for the alphanumeric CNPJ."""
    return "".join(character for character in document if character.isalnum()).upper()


def shown(document: str) -> str:
    if len(document) == 14:
        return f"{document[:2]}.{document[2:5]}.{document[5:8]}/{document[8:12]}-{document[12:]}"
    if len(document) == 11:
        return f"{document[:3]}.{document[3:6]}.{document[6:9]}-{document[9:]}"
    return document


def _weights(count: int, top: int) -> list[int]:
    """2..top, repeating, counted from the right."""
    return [2 + position % (top - 1) for position in reversed(range(count))]


def _with_check_digits(digits: list[int], weights: tuple[list[int], list[int]]) -> str:
    for row in weights:
        rest = sum(digit * weight for digit, weight in zip(digits, row, strict=True)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    return "".join(map(str, digits))
