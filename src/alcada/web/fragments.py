"""Answers to htmx: what a full page says with a message or a redirect."""

from django.http import HttpResponse
from django.utils.functional import Promise
from django_htmx.http import trigger_client_event


def toast(response: HttpResponse, text: str | Promise, tone: str = "success") -> HttpResponse:
    """Let the page show a note when this answer arrives. Tones: info, success, warning, error."""
    return trigger_client_event(response, "toast", {"text": str(text), "tone": tone})
