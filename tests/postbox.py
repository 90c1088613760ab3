"""A real SMTP server for tests: keeps what it took, and can refuse, hang, or hang up in the middle."""

import asyncio
import email
import logging
import threading
from email import policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from alcada.config.processes import free_port


class Postbox:
    """Listens on loopback. `answer` is what the next deliveries get; `gate` holds an answer back until it is opened."""

    def __init__(self) -> None:
        logging.getLogger("mail.log").setLevel(
            logging.WARNING
        )  # the server's own: every line of a conversation
        self.taken: list[EmailMessage] = []
        self.refused: dict[str, str] = {}  # address → what it is answered
        self.answers: list[str] = []  # of the next letters' DATA
        self.hold = False
        self.arrived, self.gate = threading.Event(), threading.Event()
        self.port = free_port()
        self._controller = Controller(self, hostname="127.0.0.1", port=self.port)

    def start(self) -> None:
        self._controller.start()

    def stop(self) -> None:
        self.gate.set()
        self._controller.stop(no_assert=True)

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            message = email.message_from_bytes(envelope.content, policy=policy.default)
            assert isinstance(message, EmailMessage)
            self.taken.append(message)
        self.arrived.set()
        if self.hold:
            await asyncio.get_running_loop().run_in_executor(None, self.gate.wait, 60)
        return answer

    def to(self, address: str) -> list[EmailMessage]:
        return [one for one in self.taken if one["To"] == address]

    @property
    def ids(self) -> list[str]:
        return [str(one["Message-ID"]) for one in self.taken]


def subject_of(message: EmailMessage) -> str:
    return str(message["Subject"]).strip()


def text_of(message: EmailMessage) -> str:
    part = message.get_body(("plain",))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def html_of(message: EmailMessage) -> str:
    part = message.get_body(("html",))
    assert part is not None
    return str(part.get_content())
