"""What holds for every page: the person's language, sign-in, and what a page may load."""

from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils import translation
from django.utils.translation import gettext as _

from alcada.people.models import User
from alcada.web import fragments, kept
from alcada.web.signin import browsers

Handler = Callable[[HttpRequest], HttpResponse]

# A permission not stated is a refusal: pages for strangers are listed, all others ask to sign in.
# The callback asks by itself: a consent link's owner has nobody to sign in as.
OPEN_PATHS = (
    "/sign-in",
    "/static/",
    "/language",
    "/first-run",
    "/health",
    "/welcome/",
    "/invitation/",
    "/consent/",
    "/notices/unsubscribe/",
    "/connections/callback",
    "/favicon.ico",
    "/api/",  # has no sessions: it asks for a token by itself, and refuses whoever brings none (api/door.py)
)


class LanguageMiddleware:
    """The person's own choice, else a cookie's, else Portuguese: a browser's English is no choice."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "") or request.COOKIES.get(
            settings.LANGUAGE_COOKIE_NAME, ""
        )
        language = chosen if chosen in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
            return response


class SignInRequiredMiddleware:
    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated or request.path.startswith(OPEN_PATHS):
            return self.get_response(request)
        whole = kept.keep(request)  # what was typed comes back after the sign-in
        if request.headers.get("HX-Request"):
            return _fragment(request, kept_whole=whole)
        if not User.objects.exists():
            return redirect("first-run")
        return redirect_to_login(request.get_full_path())


class SeenMiddleware:
    """Of each browser in which somebody is signed in it is known when it was last seen."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        browsers.note_seen(request)
        return self.get_response(request)


def _fragment(request: HttpRequest, *, kept_whole: bool) -> HttpResponse:
    """A fragment can't show the sign-in page: the whole page goes there, unless what stands in it would be lost."""
    address = urlsplit(request.headers.get("HX-Current-URL", ""))
    answer = HttpResponse(status=204)
    if kept.LONG_FORM.match(address.path) and not kept_whole:
        sentence = _(
            "Your session has ended. Nothing typed is lost: press Save draft, and sign in again when you are asked."
        )
        return fragments.toast(answer, sentence, "error")
    back = f"{address.path}?{address.query}" if address.query else address.path
    query = f"?{urlencode({'next': back})}" if address.path else ""
    answer.headers["HX-Redirect"] = resolve_url(settings.LOGIN_URL) + query
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Signing in again in another tab changes the form's secret: what was typed in this one comes back all the same."""
    if kept.keep(request):
        return redirect(request.get_full_path())
    return render(request, "403_csrf.html", status=403)


class ContentSecurityMiddleware:
    """Scripts and styles come from our own files only; nothing inline, nothing from elsewhere."""

    POLICY = (
        "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; base-uri 'self'; "
        "form-action 'self'; frame-ancestors 'self'"
    )

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.POLICY)
        return response
