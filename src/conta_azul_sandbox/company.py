"""One company: its registers, its entries, its balances."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from conta_azul_sandbox.ids import is_legacy_id
from conta_azul_sandbox.model import (
    PAYABLE,
    BankAccount,
    Category,
    CostCentre,
    Event,
    Instalment,
    Person,
    Protocol,
    Settlement,
    Transfer,
)
from conta_azul_sandbox.search import SearchIndex


@dataclass(slots=True)
class Company:
    id: str
    document: str
    legal_name: str
    trade_name: str
    founded: str
    email: str
    plan_status: str = "ATIVO"
    people: dict[str, Person] = field(default_factory=dict)
    cost_centres: dict[str, CostCentre] = field(default_factory=dict)
    categories: dict[str, Category] = field(default_factory=dict)
    accounts: dict[str, BankAccount] = field(default_factory=dict)
    transfers: list[Transfer] = field(default_factory=list)
    protocols: dict[str, Protocol] = field(default_factory=dict)
    events: dict[str, Event] = field(default_factory=dict)
    search: SearchIndex = field(default_factory=SearchIndex)
    event_of_instalment: dict[str, str] = field(default_factory=dict)
    instalment_of_settlement: dict[str, str] = field(default_factory=dict)
    next_legacy_id: int = 1000

    def save(self, event: Event, *, now: float, lag: float = 0) -> None:
        self.events[event.id] = event
        self._index(event)
        self.search.put(event.id, event, visible_at=now + lag, now=now)

    def delete(self, event_id: str, *, now: float, lag: float = 0) -> None:
        event = self.events.pop(event_id)
        for instalment in event.instalments:
            self.event_of_instalment.pop(instalment.id, None)
        self.search.put(event_id, None, visible_at=now + lag, now=now)

    def rebuild(self, now: float) -> None:
        """Fill the look-up tables from the entries, after loading them from a file."""
        for event in self.events.values():
            self._index(event)
            self.search.put(event.id, event, visible_at=now, now=now)

    def legacy_id(self) -> int:
        self.next_legacy_id += 1
        return self.next_legacy_id

    def find_event(self, key: str) -> Event | None:
        """By uuid, or by legacy id as the older route also takes it (§3.5)."""
        if is_legacy_id(key):
            return next((each for each in self.events.values() if each.legacy_id == int(key)), None)
        return self.events.get(key)

    def find_instalment(self, instalment_id: str) -> tuple[Event, Instalment] | None:
        event_id = self.event_of_instalment.get(instalment_id)
        if event_id is None:
            return None
        event = self.events[event_id]
        return event, event.instalment(instalment_id)

    def find_settlement(self, settlement_id: str) -> tuple[Event, Instalment, Settlement] | None:
        found = self.find_instalment(self.instalment_of_settlement.get(settlement_id, ""))
        if found is None:
            return None
        event, instalment = found
        for settlement in instalment.settlements:
            if settlement.id == settlement_id:
                return event, instalment, settlement
        return None

    def change_instalment(
        self,
        event: Event,
        instalment_id: str,
        change: Callable[[Instalment], Instalment],
        now: float,
        lag: float = 0,
    ) -> Instalment:
        """Save an instalment anew: its version rises, and the entry's too."""
        instalment = event.instalment(instalment_id)
        changed = replace(change(instalment), version=instalment.version + 1, updated_at=now)
        kept = tuple(changed if each.id == instalment_id else each for each in event.instalments)
        self.save(
            replace(event, version=event.version + 1, instalments=kept, updated_at=now), now=now, lag=lag
        )
        return changed

    def is_leaf(self, category_id: str) -> bool:
        return all(other.parent != category_id for other in self.categories.values())

    def is_bound(self, person_id: str) -> bool:
        return any(event.party == person_id for event in self.events.values())

    def of_kind(self, kind: str) -> Iterator[Event]:
        return (event for event in self.events.values() if event.kind == kind)

    def balance(self, account_id: str) -> int:
        cents = self.accounts[account_id].opening_cents
        for event in self.events.values():
            sign = -1 if event.kind == PAYABLE else 1
            for instalment in event.instalments:
                for settlement in instalment.settlements:
                    if settlement.account == account_id:
                        cents += sign * settlement.amounts.net
        return cents + sum(self._moved(each, account_id) for each in self.transfers)

    @staticmethod
    def _moved(transfer: Transfer, account_id: str) -> int:
        arriving = transfer.cents if transfer.destination == account_id else 0
        return arriving - (transfer.cents if transfer.origin == account_id else 0)

    def _index(self, event: Event) -> None:
        for instalment in event.instalments:
            self.event_of_instalment[instalment.id] = event.id
            for settlement in instalment.settlements:
                self.instalment_of_settlement[settlement.id] = instalment.id
