"""E-mail to people about their access. The links' tokens are drawn when they leave: no queue holds one."""

from typing import Any

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import timezone, translation

from alcada import links
from alcada.people import actions, invitations
from alcada.people.invitations import Made
from alcada.people.models import Company, User


def send_invitation(invitation_id: int) -> None:
    """Send it unless it was sent, or is not wanted any more. A try that failed is made anew, with another token."""
    made = invitations.draw_token(invitation_id)
    if made is None:
        return
    invitation = made.invitation
    _send("invitation", invitation.email, invitation.language, _facts(made))
    invitations.mark_sent(invitation)


def _facts(made: Made) -> dict[str, Any]:
    invitation = made.invitation
    companies = Company.objects.filter(pk__in=invitation.roles.values("company"))
    return {
        "name": invitation.name,
        "by": invitation.invited_by.name,
        "companies": [company.name for company in companies[:10]],
        "until": timezone.localtime(invitation.expires_at).strftime("%d/%m/%Y"),
        "link": settings.ALCADA_URL + links.invitation(made.token),
    }


def send_forgotten(user_id: int) -> None:
    """The link for a new password."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    link = settings.ALCADA_URL + links.welcome(actions.forgotten_token(user))
    _send("forgotten", user.email, user.language, {"name": user.name, "link": link})


def _send(template: str, to: str, language: str, facts: dict[str, Any]) -> None:
    with translation.override(language or settings.LANGUAGE_CODE):
        text = render_to_string(f"notify/{template}.txt", facts)
    subject, _line, body = text.strip().partition("\n")
    EmailMessage(" ".join(subject.split()), body.strip() + "\n", to=[to]).send()
