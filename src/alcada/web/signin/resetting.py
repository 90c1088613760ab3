"""Taking from somebody who lost everything what they sign in with, so that a new link is all there is."""

from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.db import transaction

from alcada.history.actions import record
from alcada.people import queries
from alcada.people.models import User
from alcada.tokens import actions as tokens
from alcada.web.signin import browsers


def may_reset(by: User, user: User) -> bool:
    """Who may make a link for the person's password, where there is something besides that a link can't get past."""
    return queries.may_make_link(by, user) and (
        Authenticator.objects.filter(user=user).exists() or SocialAccount.objects.filter(user=user).exists()
    )


def reset(user: User, *, by: User) -> None:
    """Passkeys, authenticator app, recovery codes, linked accounts, the password and their tokens; signed out
    everywhere.
    """
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        locked.set_unusable_password()
        locked.save(update_fields=["password"])
        Authenticator.objects.filter(user=locked).delete()
        SocialAccount.objects.filter(user=locked).delete()
        browsers.end_all(locked)
        tokens.revoke_own(locked, by=by)
        record("person.sign_in_reset", locked, by=by, data={"name": locked.name})
    user.refresh_from_db()
