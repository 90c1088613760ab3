"""The signed word in a letter's List-Unsubscribe: it stops e-mails of one kind to one person, and can nothing else."""

from typing import Final

from django.core import signing

from alcada.notify.rules import DIGEST, Kind
from alcada.people.models import User

_SALT: Final = "alcada.notify.unsubscribe"
_ABOUT: Final = (DIGEST, *(kind.value for kind in Kind))


def token(user: User, about: str) -> str:
    return signing.dumps([user.pk, about], salt=_SALT, compress=False)


def read(word: str) -> tuple[User, str] | None:
    """Whom it is of, and what about; None for one that we did not write."""
    try:
        pk, about = signing.loads(word, salt=_SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    user = User.objects.filter(pk=pk, is_active=True).first()
    return (user, about) if user is not None and about in _ABOUT else None
