"""A consent link by e-mail, to an account's owner. Its token is drawn when it leaves: no queue holds one."""

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from alcada import links
from alcada.connections import consent_links
from alcada.connections.consent_links import Made
from alcada.directory import documents
from alcada.notify import letters, plain
from alcada.notify.letters import Content


def send(link_id: int) -> None:
    """Send it unless it was sent, or is not wanted any more. A try that failed is made anew, with another token."""
    made = consent_links.draw_token(link_id)
    if made is None:
        return
    language = made.link.created_by.language or settings.LANGUAGE_CODE
    with translation.override(language):
        letters.built(made.link.owner_email, content_of(made)).send()
    consent_links.mark_sent(made.link)


def content_of(made: Made) -> Content:
    """In the language in use: that of whoever asks."""
    link = made.link
    facts = {
        "owner": plain.line(link.owner_name),
        "by": plain.line(link.created_by.name),
        "company": plain.line(link.connection.company.name),
        "document": documents.masked(link.connection.company.document),
        "until": link.expires_at.strftime("%d/%m/%Y"),
    }
    hello = _("Hello, %(owner)s.") % facts + " " if link.owner_name else ""
    asks = _(
        "%(by)s asks you to connect the Conta Azul account of %(company)s (%(document)s) to Alçada, where its "
        "payables and receivables are approved."
    )
    return Content(
        subject=_("Connect the Conta Azul account of %(company)s") % facts,
        lead=hello + asks % facts,
        button=_("Read what you allow, and connect"),
        url=settings.ALCADA_URL + links.consent(made.token),
        notes=[
            _("The link is for this company only, and good until %(until)s.") % facts,
            _(
                "Whoever has the link can use it: pass it on to nobody. If you don't expect it, ask before you open it."
            ),
        ],
    )
