"""What holds for every page: the person's language, sign-in, and what a page may load."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, resolve_url
from django.utils import translation

from alcada.people.models import User

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
    "/consent/",
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
        if request.headers.get(
            "HX-Request"
        ):  # a fragment can't show the sign-in page: the whole page goes there
            answer = HttpResponse(status=204)
            answer.headers["HX-Redirect"] = resolve_url(settings.LOGIN_URL)
            return answer
        if not User.objects.exists():
            return redirect("first-run")
        return redirect_to_login(request.get_full_path())


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
