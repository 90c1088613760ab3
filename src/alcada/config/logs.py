"""Nothing personal reaches a log: CPF and CNPJ are masked, whoever wrote the line."""

import logging


class Redact(logging.Filter):
    def filter(self, record: logging.LogRecord) -> bool:
        from alcada.directory.documents import redact  # logging is set up before the rooms are

        message = record.getMessage()
        clean = redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        return True
