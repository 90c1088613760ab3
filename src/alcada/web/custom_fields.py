"""The fields that a company adds to its entries: the list, one field, its place, its end."""

from typing import Any, Final

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from alcada.directory.models import EntryKind
from alcada.intake import custom
from alcada.intake.custom import FieldRefusedError
from alcada.intake.models import CustomField
from alcada.people.models import Company
from alcada.web.forms_base import Form
from alcada.web.guards import company_or_404, person

MANAGE: Final = "company.manage"


class FieldForm(Form):
    name = forms.CharField(label=lazy("Name"), max_length=60)
    type_ = forms.ChoiceField(
        label=lazy("Type"),
        choices=CustomField.Type.choices,
        help_text=lazy("It can't be changed later: what is in the field was read as this."),
    )
    choices = forms.CharField(
        label=lazy("Choices"),
        required=False,
        widget=forms.Textarea({"rows": 5}),
        help_text=lazy("For the type Choice: each on a line of its own."),
    )
    kind = forms.ChoiceField(
        label=lazy("Applies to"),
        required=False,
        choices=[("", lazy("Payables and receivables")), *EntryKind.choices],
    )
    required = forms.BooleanField(label=lazy("Must be filled in to submit"), required=False)
    in_list = forms.BooleanField(label=lazy("Show it in the list of entries"), required=False)

    def __init__(self, *args: Any, field: CustomField | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if field is not None:
            del self.fields["type_"]
            if field.type != CustomField.Type.CHOICE:
                del self.fields["choices"]
            self.initial = {
                "name": field.name,
                "choices": "\n".join(field.choices),
                "kind": field.kind,
                "required": field.required,
                "in_list": field.in_list,
            }


@require_safe
def fields(request: HttpRequest, company_id: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    return render(request, "companies/fields.html", {"company": company, "fields": custom.fields_of(company)})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, company_id: int) -> HttpResponse:
    return _page(request, company_or_404(request, company_id, MANAGE), None)


@require_http_methods(["GET", "HEAD", "POST"])
def one(request: HttpRequest, company_id: int, pk: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    return _page(request, company, _field(company, pk))


def _page(request: HttpRequest, company: Company, field: CustomField | None) -> HttpResponse:
    form = FieldForm(request.POST or None, field=field)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            custom.save(
                company,
                name=data["name"],
                type_=data.get("type_") or (field.type if field else ""),
                choices=data.get("choices", "").splitlines(),
                kind=data["kind"],
                required=data["required"],
                in_list=data["in_list"],
                field=field,
                by=person(request),
            )
        except FieldRefusedError as exc:
            form.add_error(exc.field if exc.field in form.fields else None, str(exc))
        else:
            messages.success(request, _("Saved."))
            return redirect("company-fields", company.pk)
    context = {"company": company, "field": field, "form": form}
    return render(request, "companies/field.html", context, status=422 if form.errors else 200)


@require_POST
def move(request: HttpRequest, company_id: int, pk: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    custom.move(_field(company, pk), up=request.POST.get("to") == "up")
    return redirect("company-fields", company.pk)


@require_POST
def retire(request: HttpRequest, company_id: int, pk: int) -> HttpResponse:
    company = company_or_404(request, company_id, MANAGE)
    custom.retire(_field(company, pk), by=person(request))
    messages.success(request, _("It is off the form. What was in it stays on the entries that have it."))
    return redirect("company-fields", company.pk)


def _field(company: Company, pk: int) -> CustomField:
    found = CustomField.objects.filter(company=company, pk=pk, retired_at=None).first()
    if found is None:
        raise Http404
    return found
