"""What a person wants to be told of, how and when; and stopping e-mails by the link that each of them carries."""

from collections.abc import Iterator
from typing import Any, Final
from zoneinfo import available_timezones

from django import forms
from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext, override
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from alcada.notify import kinds, unsubscribing
from alcada.notify.actions import Wishes, stop_mail, wish, wishes_of
from alcada.notify.rules import DIGEST, Kind, Way, ways_of
from alcada.web.forms_base import Choices, Form
from alcada.web.guards import person

DAYS: Final = [
    (1, _("Monday")),
    (2, _("Tuesday")),
    (3, _("Wednesday")),
    (4, _("Thursday")),
    (5, _("Friday")),
    (6, _("Saturday")),
    (7, _("Sunday")),
]
# Brazil's first: the others are for whoever travels, or works from abroad.
BRAZIL: Final = (
    "America/Sao_Paulo",
    "America/Bahia",
    "America/Fortaleza",
    "America/Recife",
    "America/Belem",
    "America/Cuiaba",
    "America/Campo_Grande",
    "America/Manaus",
    "America/Porto_Velho",
    "America/Boa_Vista",
    "America/Rio_Branco",
    "America/Noronha",
)


class SettingsForm(Form):
    """One field per kind, and the digest's."""

    wanted = forms.BooleanField(
        label=_("Send me a daily digest"),
        required=False,
        help_text=_("One e-mail with what waits for you. On a day with nothing to say there is none."),
    )
    at = forms.TimeField(
        label=_("At"),
        input_formats=["%H:%M", "%H:%M:%S"],
        widget=forms.TimeInput({"type": "time"}, format="%H:%M"),
        error_messages={"invalid": _("Write a time such as 08:00.")},
    )
    days = forms.TypedMultipleChoiceField(
        label=_("On these days"),
        choices=DAYS,
        coerce=int,
        widget=Choices,
        error_messages={"required": _("Choose at least one day, or no digest.")},
    )
    zone = forms.ChoiceField(label=_("Time zone"))

    def __init__(self, data: QueryDict | None = None, *, wishes: Wishes) -> None:
        initial = {"wanted": wishes.wanted, "at": wishes.at, "days": list(wishes.days), "zone": wishes.zone}
        initial |= {kind.value: way.value for kind, way in wishes.ways.items()}
        super().__init__(data, initial=initial)
        zone = self.fields["zone"]
        assert isinstance(zone, forms.ChoiceField)
        zone.choices = _zones()
        for kind in Kind:
            label, help_ = kinds.KINDS[kind]
            self.fields[kind.value] = forms.ChoiceField(
                label=str(label),
                help_text=str(help_),
                choices=[(way.value, kinds.WAYS[way]) for way in ways_of(kind)],
            )

    def kinds(self) -> Iterator[forms.BoundField]:
        return (self[kind.value] for kind in Kind)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if not cleaned.get("wanted") and "days" in self.errors:
            del self.errors["days"]  # no digest: its days are of no matter
            cleaned["days"] = self.initial["days"]
        return cleaned

    def wishes(self) -> Wishes:
        found = self.cleaned_data
        return Wishes(
            {kind: Way(found[kind.value]) for kind in Kind},
            found["wanted"],
            found["at"],
            found["days"],
            found["zone"],
        )


def _zones() -> list[tuple[str, list[tuple[str, str]]]]:
    others = sorted(name for name in available_timezones() if "/" in name and name not in BRAZIL)
    shown = [name for name in others if not name.startswith(("Etc/", "posix/", "right/", "SystemV/"))]
    return [
        (gettext("Brazil"), [(name, _city(name)) for name in BRAZIL]),
        (gettext("Elsewhere"), [(name, name.replace("_", " ")) for name in [*shown, "Etc/UTC"]]),
    ]


_NAMES: Final = {
    "America/Sao_Paulo": "Brasília, São Paulo",
    "America/Belem": "Belém",
    "America/Cuiaba": "Cuiabá",
    "America/Noronha": "Fernando de Noronha",
}


def _city(name: str) -> str:
    return _NAMES.get(name, name.partition("/")[2].replace("_", " "))


@require_http_methods(["GET", "HEAD", "POST"])
def settings_page(request: HttpRequest) -> HttpResponse:
    user = person(request)
    form = SettingsForm(request.POST or None, wishes=wishes_of(user))
    if request.method == "POST" and form.is_valid():
        wish(user, form.wishes())
        messages.success(request, gettext("Saved."))
        return redirect("notice-settings")
    context = {
        "form": form,
        "configured": settings.EMAIL_CONFIGURED,
        "address": user.email,
    }
    return render(request, "notices/settings.html", context, status=422 if form.errors else 200)


@csrf_exempt  # a mail program posts here by itself (RFC 8058): what it may do is in the signed word
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Looking changes nothing; a POST stops e-mails of the kind that the letter was about."""
    found = unsubscribing.read(token)
    if found is None:
        return render(request, "notices/unsubscribe_over.html", status=404)
    user, about = found
    done = request.method == "POST"
    if done:
        stop_mail(user, about)
    with override(user.language or settings.LANGUAGE_CODE):
        name = gettext("the daily digest") if about == DIGEST else f"“{kinds.KINDS[Kind(about)][0]}”"
        context = {"about": name, "done": done, "masked": _masked(user.email)}
        return render(request, "notices/unsubscribe.html", context)


def _masked(address: str) -> str:
    """Enough for its owner to know it, and for nobody else to write to it."""
    name, _at, host = address.rpartition("@")
    return f"{name[:1]}…@{host}"
