"""E-mail to people about their access. The links' tokens are drawn when they leave: no queue holds one."""

from collections.abc import Sequence

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from alcada import links
from alcada.notify import letters, plain
from alcada.notify.letters import Content, Fact
from alcada.people import actions, invitations
from alcada.people.invitations import Made
from alcada.people.models import Company, User

_COMPANIES = 10  # named in an invitation


def send_invitation(invitation_id: int) -> None:
    """Send it unless it was sent, or is not wanted any more. A try that failed is made anew, with another token."""
    made = invitations.draw_token(invitation_id)
    if made is None:
        return
    invitation = made.invitation
    companies = Company.objects.filter(pk__in=invitation.roles.values("company"))[:_COMPANIES]
    with translation.override(invitation.language or settings.LANGUAGE_CODE):
        content = invitation_of(made, [company.name for company in companies])
        letters.built(invitation.email, content).send()
    invitations.mark_sent(invitation)


def send_forgotten(user_id: int) -> None:
    """The link for a new password."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return
    link = settings.ALCADA_URL + links.welcome(actions.forgotten_token(user))
    with translation.override(user.language or settings.LANGUAGE_CODE):
        letters.built(user.email, forgotten_of(user, link)).send()


def send_welcome(user: User, *, by: User, link: str) -> None:
    """The link for the first password, or for whoever lost all ways in. Raises OSError: the mail server's."""
    with translation.override(user.language or settings.LANGUAGE_CODE):
        letters.built(user.email, welcome_of(user, by, link)).send()


# --- What they say, in the language in use ---------------------------------------------------------------------


def invitation_of(made: Made, companies: Sequence[str]) -> Content:
    invitation = made.invitation
    facts = {
        "name": plain.line(invitation.name),
        "by": plain.line(invitation.invited_by.name),
        "until": timezone.localtime(invitation.expires_at).strftime("%d/%m/%Y"),
    }
    named = [plain.line(company) for company in companies]
    asks = _(
        "%(by)s invites you to Alçada, where payables and receivables are approved before they go to Conta Azul."
    )
    return Content(
        subject=_("%(by)s invites you to Alçada") % facts,
        lead=_("Hello, %(name)s.") % facts + " " + asks % facts,
        facts=[
            Fact(_("Company") if len(companies) == 1 else _("Companies"), ", ".join(named)),
            Fact(_("Good until"), facts["until"]),
        ],
        button=_("Accept, and choose how to sign in"),
        url=settings.ALCADA_URL + links.invitation(made.token),
        notes=[
            _("The link works once."),
            _(
                "You did not expect this? Then do nothing: without you nothing happens. Give the link to nobody: "
                "whoever opens it becomes you."
            ),
        ],
    )


def forgotten_of(user: User, link: str) -> Content:
    facts = {"name": plain.line(user.name)}
    return Content(
        subject=_("A new password for Alçada"),
        lead=_("Hello, %(name)s. Somebody, probably you, asked for a new password for your access to Alçada.")
        % facts,
        button=_("Choose a new password"),
        url=link,
        notes=[
            _("The link works once, within two hours."),
            _("It was not you who asked? Then do nothing: your password stays as it is."),
        ],
    )


def welcome_of(user: User, by: User, link: str) -> Content:
    facts = {"name": plain.line(user.name), "by": plain.line(by.name)}
    return Content(
        subject=_("Your access to Alçada"),
        lead=_(
            "Hello, %(name)s. %(by)s gave you access to Alçada, where payables and receivables are approved."
        )
        % facts,
        button=_("Choose your password"),
        url=link,
        notes=[
            _("The link works once and for three days. Give it to nobody: whoever opens it becomes you."),
        ],
    )
