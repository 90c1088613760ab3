"""What the frame around every page needs."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def around_every_page(request: HttpRequest) -> dict[str, Any]:
    return {"demo": settings.DEMO, "version": settings.VERSION, "languages": settings.LANGUAGES}
