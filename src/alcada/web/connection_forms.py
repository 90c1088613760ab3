"""Forms of the connections: the application, a new connection, the pasted address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as lazy

from alcada.web.forms_base import Form


class ApplicationForm(Form):
    redirect_uri = forms.URLField(label=lazy("Redirect address"), max_length=500, assume_scheme="https")
    client_id = forms.CharField(
        label=lazy("Client id"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    client_secret = forms.CharField(
        label=lazy("Client secret"),
        max_length=500,
        error_messages={"required": lazy("Paste the secret that the Developer Portal shows beside the id.")},
        # What was typed stays when another field was wrong; what is stored is never put here.
        widget=forms.PasswordInput(render_value=True, attrs={"autocomplete": "off"}),
    )

    def __init__(self, *args: Any, stored: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["client_secret"].required = not stored


class NewConnectionForm(Form):
    name = forms.CharField(
        label=lazy("Name"),
        max_length=100,
        help_text=lazy("What you call this account here, for example “Matriz”."),
    )


class PasteForm(Form):
    address = forms.CharField(
        label=lazy("Final address, or the code alone"),
        max_length=4000,
        error_messages={"required": lazy("Paste the address from the browser's address bar.")},
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "off", "spellcheck": "false"}),
    )
