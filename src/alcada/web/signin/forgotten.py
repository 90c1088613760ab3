"""A password forgotten: a link by e-mail, where that is set up. The answer is the same whoever is here or not."""

from allauth.core.internal import ratelimit
from django import forms
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from alcada import queue
from alcada.people.models import User
from alcada.web.forms_base import Form


class ForgottenForm(Form):
    email = forms.EmailField(
        label=_("E-mail"),
        max_length=254,
        widget=forms.EmailInput({"autocomplete": "username", "autofocus": True}),
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def forgotten(request: HttpRequest) -> HttpResponse:
    if not settings.EMAIL_CONFIGURED:
        raise Http404
    form = ForgottenForm(request.POST or None)
    if request.method != "POST":
        return render(request, "signin/forgotten.html", {"form": form})
    if not form.is_valid():
        return render(request, "signin/forgotten.html", {"form": form}, status=422)
    email = form.cleaned_data["email"].strip().lower()
    if not ratelimit.consume(request, app="allauth.account", action="reset_password", key=email):
        form.add_error(None, _("This was asked for too often. Wait ten minutes, then try again."))
        return render(request, "signin/forgotten.html", {"form": form}, status=429)
    user = User.objects.filter(email=email, is_active=True).first()
    if user is not None:
        queue.defer("send_forgotten", user_id=user.pk)
    return render(request, "signin/forgotten_sent.html", {"email": email})
