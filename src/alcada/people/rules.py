"""What each role may do. A permission not stated is a refusal."""

from typing import Final

from alcada.people.models import Role

ABILITIES: Final[dict[str, frozenset[Role]]] = {
    "entry.create": frozenset({Role.REQUESTER, Role.APPROVER, Role.ADMINISTRATOR}),
    "entry.see_all": frozenset({Role.APPROVER, Role.ADMINISTRATOR}),  # a requester sees their own
    "directory.see": frozenset({Role.REQUESTER, Role.APPROVER, Role.ADMINISTRATOR}),
    "directory.change": frozenset({Role.ADMINISTRATOR}),
    "posting.mend": frozenset({Role.ADMINISTRATOR}),
    "connection.manage": frozenset({Role.ADMINISTRATOR}),
    "people.manage": frozenset({Role.ADMINISTRATOR}),
    "flow.see": frozenset({Role.APPROVER, Role.ADMINISTRATOR}),
}
