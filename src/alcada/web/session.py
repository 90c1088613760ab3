"""Signing in and out, the first run, the link to a first password, the own profile."""

from dataclasses import dataclass
from typing import Any

from allauth.usersessions.models import UserSession
from django import forms
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout, password_validation
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from alcada.history.actions import record
from alcada.people import actions
from alcada.people.models import Role, User
from alcada.web.forms_base import Form, ModelForm
from alcada.web.guards import person
from alcada.web.signin import browsers
from alcada.web.signin.address import client_address, next_address, passkeys_work_at
from alcada.web.signin.entering import enter

YEAR = 365 * 24 * 3600


class PasswordInput(forms.PasswordInput):
    def __init__(self, autocomplete: str) -> None:
        super().__init__({"autocomplete": autocomplete})


class SignInForm(Form):
    email = forms.EmailField(
        label=_("E-mail"), widget=forms.EmailInput({"autocomplete": "username", "autofocus": True})
    )
    password = forms.CharField(label=_("Password"), strip=False, widget=PasswordInput("current-password"))


class NewPasswordMixin(forms.Form):
    """One field: a browser's password manager, and the eye beside it, do what a second one is for."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        widget=PasswordInput("new-password"),
        help_text=_("At least 10 characters. A sentence is easier to remember than signs."),
    )

    def owner(self) -> User | None:
        return None

    def clean_password(self) -> str:
        password: str = self.cleaned_data["password"]
        password_validation.validate_password(password, self.owner())
        return password


class FirstRunForm(NewPasswordMixin, Form):
    name = forms.CharField(
        label=_("Your name"), max_length=150, widget=forms.TextInput({"autocomplete": "name"})
    )
    email = forms.EmailField(
        label=_("E-mail"), max_length=254, widget=forms.EmailInput({"autocomplete": "username"})
    )
    field_order = ["name", "email", "password"]

    def owner(self) -> User:
        return User(name=self.cleaned_data.get("name", ""), email=self.cleaned_data.get("email", ""))


class WelcomeForm(NewPasswordMixin, Form):
    def __init__(self, *args: Any, user: User, **kwargs: Any) -> None:
        self.user = user
        super().__init__(*args, **kwargs)

    def owner(self) -> User:
        return self.user


class ProfileForm(ModelForm):
    class Meta:
        model = User
        fields = ["name", "language"]
        widgets = {"name": forms.TextInput({"autocomplete": "name"})}

    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES)


class PasswordForm(WelcomeForm):
    current = forms.CharField(
        label=_("Current password"), strip=False, widget=PasswordInput("current-password")
    )
    field_order = ["current", "password"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("New password")

    def clean_current(self) -> str:
        current: str = self.cleaned_data["current"]
        if not self.user.check_password(current):
            raise forms.ValidationError(_("This is not your current password."))
        return current


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(next_address(request))
    if not User.objects.exists():
        return redirect("first-run")
    form = SignInForm(request.POST or None)
    cast = demo_cast() if settings.DEMO else []
    if cast:
        form.fields["email"].widget.attrs.pop("autofocus")
    status = 200
    if request.method == "POST":
        status = 422
        if form.is_valid():
            try:
                user = actions.sign_in(**form.cleaned_data, address=client_address(request))
            except actions.LockedOutError:
                status, user = 429, None
                form.add_error(None, _("Too many wrong tries. Wait ten minutes, then try again."))
            else:
                if user is None:
                    form.add_error(None, _("E-mail and password do not match."))
            if user is not None:
                return enter(request, user, next_address(request))
    context = {
        "form": form,
        "next": next_address(request, ""),
        "cast": cast,
        "passkeys_work": passkeys_work_at(request),
        "provider": settings.OIDC,
        "mail": settings.EMAIL_CONFIGURED,
    }
    return render(
        request, "people/sign_in.html", context | {"password": settings.DEMO_PASSWORD}, status=status
    )


@dataclass(frozen=True)
class Character:
    user: User
    roles: list[str]


def demo_cast() -> list[Character]:
    """The demo's own people, to choose from. Their addresses end in .example, which no real one does."""
    people = User.objects.filter(is_active=True, email__endswith=".example").order_by("name")
    return [Character(one, _roles_of(one)) for one in people[:6]]


def _roles_of(user: User) -> list[str]:
    held = set(user.memberships.values_list("role", flat=True))
    return [str(role.label) for role in Role if role in held]


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    UserSession.objects.filter(session_key=request.session.session_key).delete()
    leads_to = next_address(request, reverse("sign-in"))
    logout(request)
    return redirect(leads_to)


@require_POST
def language(request: HttpRequest) -> HttpResponse:
    chosen = request.POST.get("language", "")
    answer = redirect(next_address(request))
    if chosen in dict(settings.LANGUAGES):
        if isinstance(request.user, User):
            User.objects.filter(pk=request.user.pk).update(language=chosen)
        remember_language(answer, chosen)
    return answer


def remember_language(answer: HttpResponse, chosen: str) -> None:
    answer.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen,
        max_age=YEAR,
        samesite="Lax",
        secure=settings.HTTPS,
        httponly=True,
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def first_run(request: HttpRequest) -> HttpResponse:
    """Makes the installation's administrator; once there is a person, it leads to the sign-in."""
    if User.objects.exists():
        return redirect("sign-in")
    form = FirstRunForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            user = actions.make_first_administrator(
                **form.cleaned_data, language=getattr(request, "LANGUAGE_CODE", "")
            )
        except actions.FirstRunOverError:
            return redirect("sign-in")
        return enter(request, user, reverse("company-new"))
    return render(request, "people/first_run.html", {"form": form}, status=422 if form.errors else 200)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """The link that an administrator handed out: the person chooses a password. Looking at it uses nothing up."""
    user = actions.person_of_token(token)
    if user is None:
        return render(request, "people/welcome_over.html", status=410)
    form = WelcomeForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        with transaction.atomic():
            done = actions.set_password_by_token(token, form.cleaned_data["password"])
            if done is not None:
                browsers.end_all(done)
                record("person.password_set", done, by=done, data={"name": done.name})
        if done is None:
            return render(request, "people/welcome_over.html", status=410)
        return enter(request, done, "/")
    context = {"form": form, "invited": user}
    return render(request, "people/welcome.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
def profile(request: HttpRequest) -> HttpResponse:
    user = person(request)
    shown = {"language": user.language or getattr(request, "LANGUAGE_CODE", settings.LANGUAGE_CODE)}
    form = ProfileForm(request.POST or None, instance=user, initial=shown)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, gettext("Saved."))
        answer = redirect("profile")
        remember_language(answer, user.language)
        return answer
    return render(request, "people/profile.html", {"form": form}, status=422 if form.errors else 200)
