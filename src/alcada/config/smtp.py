"""Where e-mail goes: `smtp://user:password@host:587?tls=starttls`, or `smtps://` for TLS from the first byte.

Characters with a meaning in an address (`/ : @ # ?`) are percent-encoded in user and password.
"""

from dataclasses import dataclass, field
from urllib.parse import parse_qs, unquote, urlsplit


@dataclass(frozen=True)
class Server:
    host: str = ""
    port: int = 25
    user: str = ""
    password: str = field(default="", repr=False)
    starttls: bool = False
    tls: bool = False


def read(address: str) -> Server:
    """The server of the address; none for an empty one. SystemExit with a sentence for one that can't be read."""
    if not address:
        return Server()
    try:
        parts = urlsplit(address)
        port, host = parts.port, parts.hostname
    except ValueError:
        port = host = None
    if not host or parts.scheme not in ("smtp", "smtps"):
        raise SystemExit(
            "ALCADA_SMTP_URL can't be read: smtp://user:password@host:587?tls=starttls, "
            "with / : @ # ? percent-encoded in user and password"
        )
    starttls = parse_qs(parts.query).get("tls") == ["starttls"]
    tls = parts.scheme == "smtps"
    usual = 465 if tls else 587 if starttls else 25
    return Server(
        host, port or usual, unquote(parts.username or ""), unquote(parts.password or ""), starttls, tls
    )
