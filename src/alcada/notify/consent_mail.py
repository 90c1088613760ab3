"""A consent link by e-mail, to an account's owner. Its token is drawn when it leaves: no queue holds one."""

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.utils import translation

from alcada import links
from alcada.connections import consent_links
from alcada.connections.consent_links import Made
from alcada.directory import documents


def send(link_id: int) -> None:
    """Send it unless it was sent, or is not wanted any more. A try that failed is made anew, with another token."""
    made = consent_links.draw_token(link_id)
    if made is None:
        return
    subject, body = render(made)
    EmailMessage(subject, body, to=[made.link.owner_email]).send()
    consent_links.mark_sent(made.link)


def render(made: Made) -> tuple[str, str]:
    """Subject (the template's first line) and body, in the language of whoever asks."""
    link = made.link
    company = link.connection.company
    facts = {
        "owner": link.owner_name,
        "by": link.created_by.name,
        "company": company.name,
        "document": documents.masked(company.document),
        "until": link.expires_at.strftime("%d/%m/%Y"),
        "link": settings.ALCADA_URL + links.consent(made.token),
    }
    with translation.override(link.created_by.language or settings.LANGUAGE_CODE):
        text = render_to_string("notify/consent_link.txt", facts)
    subject, _line, body = text.strip().partition("\n")
    return " ".join(subject.split()), body.strip() + "\n"
