"""A real mail server, and the jobs that a worker would run."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller

from alcada.config.processes import free_port


class Postbox:
    def __init__(self) -> None:
        self.letters: list[EmailMessage] = []

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.letters.append(message_from_bytes(envelope.content, policy=policy.default))  # type: ignore[arg-type]
        return "250 taken"

    def link(self, kind: str) -> str:
        """The address in the latest letter, as its reader would press it."""
        body = self.letters[-1].get_content()
        found = re.search(rf"https?://\S+(/{kind}/\S+)", body)
        assert found, body
        return found[1]


@contextmanager
def postbox(settings: Any) -> Iterator[Postbox]:
    box = Postbox()
    server = Controller(box, hostname="127.0.0.1", port=free_port())
    server.start()
    try:
        settings.EMAIL_CONFIGURED = True
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        yield box
    finally:
        server.stop()


def run_jobs() -> int:
    """What a worker would do with the letters that wait in the queue."""
    from procrastinate.contrib.django.models import ProcrastinateJob

    from alcada.jobs import tasks

    waiting = list(ProcrastinateJob.objects.filter(status="todo").order_by("id"))
    done = 0
    for job in waiting:
        name = job.task_name.rpartition(".")[2]
        if name in ("send_invitation", "send_forgotten"):
            getattr(tasks, name).func(**job.args)
            done += 1
    return done
