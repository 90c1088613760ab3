"""Where a person may do what, read once: lists and first pages ask it of every company at a time."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from alcada.people.models import Membership, User
from alcada.people.rules import ABILITIES


@dataclass(frozen=True)
class Scope:
    """The companies in which somebody sees all entries, and those in which they see their own."""

    user: User
    everything: tuple[int, ...]
    own: tuple[int, ...]
    roles: Mapping[int, frozenset[str]] = field(default_factory=dict, compare=False)

    def may(self, ability: str, company: int | None = None) -> bool:
        """As people.queries.may, without asking again; without a company: in any."""
        held = [self.roles.get(company, frozenset())] if company is not None else self.roles.values()
        return any(ABILITIES[ability] & roles for roles in held)

    def where(self, ability: str) -> list[int]:
        """The companies in which the person may do this."""
        return [company for company, roles in self.roles.items() if ABILITIES[ability] & roles]

    def narrowed(self, company: int) -> "Scope":
        """To one company; to nothing, where the person has no role in it."""
        return Scope(
            self.user,
            everything=tuple(pk for pk in self.everything if pk == company),
            own=tuple(pk for pk in self.own if pk == company),
            roles={pk: roles for pk, roles in self.roles.items() if pk == company},
        )


def scope_of(user: User) -> Scope:
    return scope_from(user, Membership.objects.filter(user=user).values_list("company", "role"))


def scope_from(user: User, memberships: Iterable[tuple[int, str]]) -> Scope:
    """Of the person's memberships (company, role) where they are read already."""
    held: dict[int, set[str]] = {}
    for company, role in memberships if user.is_active else ():
        held.setdefault(company, set()).add(role)
    all_of_it = {company for company, roles in held.items() if ABILITIES["entry.see_all"] & roles}
    theirs = {company for company, roles in held.items() if ABILITIES["entry.create"] & roles} - all_of_it
    roles = {company: frozenset(roles) for company, roles in held.items()}
    return Scope(user, tuple(sorted(all_of_it)), tuple(sorted(theirs)), roles)
