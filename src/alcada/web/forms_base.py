"""Forms as our pages show them: the label above, the error beside its field, nothing that was typed lost.

A form inherits `Form` (or `ModelForm`) from here and is shown with {{ form }} or,
field by field, {% field form.name %}.
"""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django import forms
from django.forms import widgets
from django.forms.renderers import BaseRenderer, DjangoTemplates
from django.template import loader
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from alcada import money
from alcada.directory import documents

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise


class BoundField(forms.BoundField):
    """Gives every widget the class that its kind has in Bootstrap."""

    def build_widget_attrs(self, attrs: dict[str, Any], widget: forms.Widget | None = None) -> dict[str, Any]:
        widget = widget or self.field.widget
        built = super().build_widget_attrs(attrs, widget)
        added = _css_class(widget)
        own = str(built.get("class") or widget.attrs.get("class", ""))
        if added and added not in own.split():
            built["class"] = f"{added} {own}".strip()
        return built

    @property
    def is_checkbox(self) -> bool:
        return isinstance(self.field.widget, widgets.CheckboxInput)

    @property
    def is_group(self) -> bool:
        """Several inputs under one label: a fieldset with a legend."""
        return isinstance(self.field.widget, widgets.RadioSelect | widgets.CheckboxSelectMultiple)


def _css_class(widget: forms.Widget) -> str:
    if isinstance(widget, widgets.CheckboxInput | widgets.RadioSelect | widgets.CheckboxSelectMultiple):
        return "form-check-input"
    if isinstance(widget, widgets.Select):
        return "form-select"
    return "" if widget.is_hidden else "form-control"


class Renderer(BaseRenderer):
    """Our templates for forms and fields; Django's own for what is inside them."""

    form_template_name = "parts/form.html"
    field_template_name = "parts/field.html"
    bound_field_class = BoundField

    def __init__(self) -> None:
        self._django = DjangoTemplates()

    def get_template(self, template_name: str) -> Any:
        if template_name.startswith("django/forms/"):
            return self._django.get_template(template_name)
        return loader.get_template(template_name)


# For formset_factory(..., renderer=RENDERER) too.
RENDERER = Renderer()


class Form(forms.Form):
    default_renderer = RENDERER


class ModelForm(forms.ModelForm):  # type: ignore[type-arg]
    default_renderer = RENDERER


class Choices(widgets.CheckboxSelectMultiple):
    """Several of a few: checkboxes under each other."""

    template_name = "parts/choices.html"


class OneOf(widgets.RadioSelect):
    """One of a few, all to be seen."""

    template_name = "parts/choices.html"


class MoneyInput(widgets.TextInput):
    """A figure beside its R$, typed as people write it; a phone shows the keyboard with digits."""

    template_name = "parts/money_input.html"

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__({"inputmode": "decimal", "autocomplete": "off", **(attrs or {})})

    def format_value(self, value: Any) -> str | None:
        """1.234,56 for an amount; what was typed as it was typed."""
        if isinstance(value, Decimal):
            return show_figure(value)
        shown: str | None = super().format_value(value)
        return shown


def show_figure(amount: Decimal) -> str:
    """The amount without its sign, as the reader's language writes it."""
    text = money.format_brl(amount, language=get_language() or "pt-br")
    return text.replace("R$", "").replace("\u00a0", "")


AMOUNT_ERRORS: dict[str, _StrPromise] = {
    "ambiguous": _("This can be read in two ways. Write the cents too: 1.234,00 or 1,23."),
    "negative": _("The amount must not be negative."),
    "too_many_decimals": _("Use at most two decimals."),
    "too_large": _("This amount is too large."),
    "not_a_number": _("Write an amount such as 1.234,56."),
}


class MoneyField(forms.Field):
    """An amount of BRL: `Decimal` with two decimals. Zero is refused unless `zero=True`."""

    widget = MoneyInput

    def __init__(self, *, zero: bool = False, **kwargs: Any) -> None:
        self.zero = zero
        super().__init__(**kwargs)

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        if isinstance(value, Decimal):
            return value
        try:
            return money.parse_brl(str(value))
        except money.AmountError as error:
            if error.code == "empty":
                return None
            raise forms.ValidationError(
                AMOUNT_ERRORS.get(error.code, AMOUNT_ERRORS["not_a_number"]), code=error.code
            ) from error

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not value and not self.zero:
            raise forms.ValidationError(_("The amount must be more than zero."), code="zero")

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except forms.ValidationError:
            return True


class DayField(forms.DateField):
    """A day, chosen in the browser's own calendar; pasted as 31/12/2026 it is understood as well."""

    default_error_messages = {"invalid": _("Write a date such as 31/12/2026.")}

    def __init__(self, *, earliest: date | None = None, latest: date | None = None, **kwargs: Any) -> None:
        attrs = {"min": earliest, "max": latest}
        widget = widgets.DateInput(
            format="%Y-%m-%d", attrs={"type": "date", **{k: v.isoformat() for k, v in attrs.items() if v}}
        )
        kwargs.setdefault("widget", widget)
        super().__init__(input_formats=["%Y-%m-%d", "%d/%m/%Y"], **kwargs)


DOCUMENT_ERRORS: dict[str, _StrPromise] = {
    "length": _("A CNPJ has 14 characters and a CPF has 11: some are missing, or there are too many."),
    "characters": _("There is a character here that this number cannot have."),
    "repeated": _("This number was never given to anybody."),
    "check_digits": _("The check digits do not match: one of the characters is wrong."),
}


class DocumentField(forms.CharField):
    """A CPF or CNPJ, the one with letters too: typed with or without punctuation, kept without."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 30)
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("autocomplete", "off")
        self.widget.attrs.setdefault("spellcheck", "false")

    def clean(self, value: Any) -> str:
        text = str(super().clean(value) or "")
        if not text:
            return ""
        try:
            return documents.check(text)
        except documents.DocumentError as error:
            raise forms.ValidationError(
                DOCUMENT_ERRORS.get(error.code, DOCUMENT_ERRORS["characters"]), code=error.code
            ) from error

    def prepare_value(self, value: Any) -> Any:
        return documents.format(value) if isinstance(value, str) else value
