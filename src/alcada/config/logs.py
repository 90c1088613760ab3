"""Nothing personal or secret reaches a log, whoever wrote the line and wherever in it: message, traceback, stack."""

import logging
import re

# The link to a first password is the password until it is used, an invitation lets in whoever holds it, and a consent
# link is the right to connect an account;
# Django names the address of what it answers with 4xx.
_LINK = re.compile(r"(/(?:welcome|consent|invitation)/)[^\s?#'\"/]+")
# A token of the API, whoever wrote it into an address or an error: its prefix says which it was.
_TOKEN = re.compile(r"(alcada_[0-9a-z]{8}_)[0-9A-Za-z_-]+")


class Line(logging.Formatter):
    """The finished line, tracebacks and all, with CPF, CNPJ, password and consent links, tokens masked.

    What was answered with a 4xx was the asker's doing: its line is enough, where it came from in our code is not news.
    """

    def format(self, record: logging.LogRecord) -> str:
        from alcada.directory.documents import redact  # logging is set up before the rooms are

        if record.exc_info and 400 <= getattr(record, "status_code", 0) < 500:
            record = logging.makeLogRecord(record.__dict__ | {"exc_info": None, "exc_text": None})
        line = _TOKEN.sub(r"\1[…]", super().format(record))  # first: a part of one may look like a CPF
        return _LINK.sub(r"\1[…]", redact(line))
