"""The SMTP connection, which knows whether a letter had begun to leave when something failed."""

import smtplib
from typing import Any

from django.core.mail.backends.smtp import EmailBackend


class _Noting:
    """Notes that the letter itself is being handed over: from there on the server may have taken it."""

    handed = False

    def mail(self, sender: str, options: Any = ()) -> Any:
        self.handed = False
        return super().mail(sender, options)  # type: ignore[misc]

    def data(self, msg: Any) -> Any:
        self.handed = True
        return super().data(msg)  # type: ignore[misc]


class _Plain(_Noting, smtplib.SMTP):
    pass


class _Tls(_Noting, smtplib.SMTP_SSL):
    pass


class Backend(EmailBackend):
    """Django's, with connections that note how far they came."""

    @property
    def connection_class(self) -> Any:
        return _Tls if self.use_ssl else _Plain
