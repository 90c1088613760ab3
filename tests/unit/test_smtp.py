"""The address of the mail server, as operators write it."""

import pytest

from alcada.config.smtp import read


@pytest.mark.parametrize(
    ("address", "port", "starttls", "tls"),
    [
        ("smtp://mail.example", 25, False, False),
        ("smtp://mail.example?tls=starttls", 587, True, False),
        ("smtps://mail.example", 465, False, True),
        ("smtps://mail.example:2465", 2465, False, True),
    ],
)
def test_each_way_has_its_usual_port(address: str, port: int, starttls: bool, tls: bool) -> None:
    server = read(address)
    assert (server.port, server.starttls, server.tls) == (port, starttls, tls)


def test_user_and_password_may_hold_any_character_percent_encoded() -> None:
    server = read("smtp://ana%40padaria.example:a%2Fb%3Ac@mail.example")
    assert (server.user, server.password) == ("ana@padaria.example", "a/b:c")
    assert "a/b:c" not in repr(server)


@pytest.mark.parametrize("address", ["mail.example", "smtp://u:a/b@mail.example", "http://mail.example"])
def test_one_that_cannot_be_read_is_refused_without_quoting_it(address: str) -> None:
    with pytest.raises(SystemExit) as refusal:
        read(address)
    assert address not in str(refusal.value)
