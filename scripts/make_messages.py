"""Django's makemessages, which also knows `lazy` and `noop`, gettext_lazy and gettext_noop in some files."""

import sys

import django
from django.core.management import call_command
from django.core.management.commands.makemessages import Command


class MakeMessages(Command):
    xgettext_options = [*Command.xgettext_options, "--keyword=lazy", "--keyword=noop"]


django.setup()
call_command(
    MakeMessages(),
    locale=["pt_BR"],
    extensions=["html", "txt", "py"],
    no_location=True,
    no_wrap=True,
    no_obsolete=True,
    stdout=sys.stdout,
)
