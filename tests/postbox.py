"""A real SMTP server for tests: keeps what it took, and can refuse, hang, or hang up in the middle."""

import asyncio
import email
import logging
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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

    def link(self, kind: str) -> str:
        """The address in the latest letter, as its reader would press it."""
        body = text_of(self.taken[-1])
        found = re.search(rf"https?://\S+(/{kind}/\S+)", body)
        assert found, body
        return found[1]

    @property
    def ids(self) -> list[str]:
        return [str(one["Message-ID"]) for one in self.taken]


@contextmanager
def listening(settings: Any) -> Iterator[Postbox]:
    """A postbox that the product hands its letters to, as to a real server."""
    box = Postbox()
    box.start()
    settings.EMAIL_BACKEND = "alcada.notify.backend.Backend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", box.port
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_CONFIGURED = True
    settings.EMAIL_TIMEOUT = 5
    try:
        yield box
    finally:
        box.stop()


def send_queued() -> int:
    """What a worker would do with the letters about people's access that wait in the queue; how many there were."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    from alcada.jobs import tasks

    count = 0
    for job in ProcrastinateJob.objects.filter(status="todo").order_by("id"):
        name = job.task_name.rpartition(".")[2]
        if name in ("send_invitation", "send_forgotten"):
            getattr(tasks, name).func(**job.args)
            count += 1
    return count


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
