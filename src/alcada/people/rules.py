"""What each role may do. A permission not stated is a refusal."""

from typing import Final

from alcada.people.models import Role

_EVERYBODY: Final = frozenset(Role)
_WRITERS: Final = _EVERYBODY - {Role.AUDITOR}
_OFFICE: Final = frozenset({Role.FINANCE, Role.ADMINISTRATOR})
_SEE_ALL: Final = _EVERYBODY - {Role.REQUESTER}

ABILITIES: Final[dict[str, frozenset[Role]]] = {
    "entry.see": _EVERYBODY,  # those that are theirs
    "entry.see_all": _SEE_ALL,
    "entry.create": _WRITERS,
    "filter.share": _OFFICE,  # a list's filters, with everybody in the company
    "step.decide": _WRITERS,  # where a flow asks them
    "directory.see": _EVERYBODY,
    "directory.change": _OFFICE,
    "posting.mend": _OFFICE,
    "mapping.manage": _OFFICE,
    "connection.manage": frozenset({Role.ADMINISTRATOR}),
    "people.manage": frozenset({Role.ADMINISTRATOR}),
    "flow.see": _SEE_ALL,
}
