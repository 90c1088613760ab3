"""POST /_sandbox/act: what a person does in Conta Azul's own pages, behind the API's back."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

from conta_azul_sandbox.api.creation import PARTY_FIELD, check_references, read_event
from conta_azul_sandbox.clock import local_date, parse_date
from conta_azul_sandbox.company import Company
from conta_azul_sandbox.defaults import Maker
from conta_azul_sandbox.enums import METHODS
from conta_azul_sandbox.fields import Fields
from conta_azul_sandbox.model import (
    PAYABLE,
    RECEIVABLE,
    Amounts,
    CategoryShare,
    Event,
    Instalment,
    Settlement,
)
from conta_azul_sandbox.money import cents_of
from conta_azul_sandbox.shapes import entries, registers
from conta_azul_sandbox.world import World

Wish = dict[str, Any]


def act(world: World, wish: Wish) -> dict[str, Any]:
    """Do one thing; ValueError or KeyError say what is wrong with the wish."""
    company = world.companies[str(wish["company"])]
    action = ACTIONS.get(str(wish["action"]))
    if action is None:
        raise ValueError(f"Unknown action. Known: {', '.join(ACTIONS)}")
    return action(Actor(world, company), wish)


class Actor:
    """A person at the company, with the world around."""

    def __init__(self, world: World, company: Company) -> None:
        self.world = world
        self.company = company
        self.now = world.clock.now()
        self.today = local_date(self.now)
        self.lag = world.settings.search_lag

    def save(self, event: Event) -> dict[str, Any]:
        changed = replace(event, version=event.version + 1, updated_at=self.now)
        self.company.save(changed, now=self.now, lag=self.lag)
        return entries.created(changed, self.today)

    def event(self, wish: Wish) -> Event:
        """By the entry's id, or by one of its instalments'."""
        if "event" in wish:
            return self.company.events[str(wish["event"])]
        return self.company.events[self.company.event_of_instalment[str(wish["instalment"])]]

    def instalment(self, wish: Wish) -> tuple[Event, Instalment]:
        """The named instalment, or the entry's only one."""
        event = self.event(wish)
        if "instalment" in wish:
            return event, event.instalment(str(wish["instalment"]))
        if len(event.instalments) > 1:
            raise ValueError("The entry has several instalments: name one")
        return event, event.instalments[0]


def pay(actor: Actor, wish: Wish) -> dict[str, Any]:
    """Pay what is open, or `amount` of it."""
    event, instalment = actor.instalment(wish)
    cents = cents_of(wish["amount"]) if wish.get("amount") is not None else instalment.open
    if not 0 < cents <= instalment.open:
        raise ValueError(f"amount must lie between 0.01 and {instalment.open / 100:.2f}")
    settlement = Settlement(
        id=actor.world.ids.new(),
        version=1,
        paid_on=parse_date(wish.get("date") or actor.today),
        amounts=Amounts(gross=cents),
        account=str(wish.get("account") or instalment.account),
        method=wish.get("method") or instalment.method,
        note=wish.get("note"),
        nsu=None,
        updated_at=actor.now,
    )
    if settlement.account not in actor.company.accounts or settlement.method not in (None, *METHODS):
        raise ValueError("Unknown account or method")
    changed = actor.company.change_instalment(
        event, instalment.id, lambda before: replace(before, settlements=(*before.settlements, settlement)),
        actor.now, actor.lag,
    )  # fmt: skip
    return entries.instalment(actor.event(wish), changed, actor.company, actor.today)


def pay_in_part(actor: Actor, wish: Wish) -> dict[str, Any]:
    wish["amount"]  # asked for, unlike in pay
    return pay(actor, wish)


def undo_payment(actor: Actor, wish: Wish) -> dict[str, Any]:
    """Take all payments of the instalment back."""
    event, instalment = actor.instalment(wish)
    changed = actor.company.change_instalment(
        event, instalment.id, lambda before: replace(before, settlements=()), actor.now, actor.lag
    )
    return entries.instalment(actor.event(wish), changed, actor.company, actor.today)


def edit(actor: Actor, wish: Wish) -> dict[str, Any]:
    """Change fields under their API names: of the instalment when one is named, else of the entry."""
    changes = dict(wish["changes"])
    event = actor.event(wish)
    if "instalment" in wish:
        event = _edit_instalment(actor, event, str(wish["instalment"]), changes)
    else:
        event = _edit_event(actor, event, changes)
    if changes:
        raise ValueError(f"Cannot edit: {', '.join(changes)}")
    return actor.save(event)


def _edit_event(actor: Actor, event: Event, changes: Wish) -> Event:
    names = {"descricao": "description", "observacao": "note", "referencia_externa": "external_reference"}
    plain: Wish = {names[name]: changes.pop(name) for name in list(changes) if name in names}
    if "data_competencia" in changes:
        plain["competence"] = parse_date(changes.pop("data_competencia"))
    if PARTY_FIELD[event.kind] in changes:
        plain["party"] = actor.company.people[changes.pop(PARTY_FIELD[event.kind])].id
    event = replace(event, **plain)
    if "id_categoria" in changes:
        category = actor.company.categories[changes.pop("id_categoria")]
        event = replace(event, shares=(CategoryShare(category.id, event.cents),))
    if "valor" in changes or "data_vencimento" in changes:
        only = actor.instalment({"event": event.id})[1]
        here: Wish = {name: changes.pop(name) for name in ("valor", "data_vencimento") if name in changes}
        event = _edit_instalment(actor, event, only.id, here)
    return event


def _edit_instalment(actor: Actor, event: Event, instalment_id: str, changes: Wish) -> Event:
    names = {"descricao": "description", "nota": "note", "metodo_pagamento": "method", "nsu": "nsu"}
    plain: Wish = {names[name]: changes.pop(name) for name in list(changes) if name in names}
    if "data_vencimento" in changes:
        plain["due"] = parse_date(changes.pop("data_vencimento"))
    if "conta_financeira" in changes:
        plain["account"] = actor.company.accounts[changes.pop("conta_financeira")].id
    if "valor" in changes:
        before = event.instalment(instalment_id).amounts
        plain["amounts"] = replace(before, gross=cents_of(changes.pop("valor")))
    kept = tuple(
        replace(each, **plain, version=each.version + 1, updated_at=actor.now)
        if each.id == instalment_id
        else each
        for each in event.instalments
    )
    return _with_total(replace(event, instalments=kept))


def _with_total(event: Event) -> Event:
    """The entry is worth what its instalments add up to; a single category follows."""
    cents = sum(each.amounts.gross for each in event.instalments)
    if cents == event.cents:
        return event
    shares = event.shares
    if len(shares) == 1 and len(shares[0].cost_centres) <= 1:
        centres = tuple(replace(each, cents=cents) for each in shares[0].cost_centres)
        shares = (replace(shares[0], cents=cents, cost_centres=centres),)
    return replace(event, cents=cents, shares=shares)


def touch(actor: Actor, wish: Wish) -> dict[str, Any]:
    """Save without a change: it appears in the change feed all the same (§3.5)."""
    return actor.save(actor.event(wish))


def delete(actor: Actor, wish: Wish) -> dict[str, Any]:
    """An entry with all its instalments, or a person that no entry names."""
    if "person" in wish:
        person = actor.company.people[str(wish["person"])]
        if actor.company.is_bound(person.id):
            raise ValueError("The person is bound to an entry")
        del actor.company.people[person.id]
        return {"deleted": person.id}
    event = actor.event(wish)
    actor.company.delete(event.id, now=actor.now, lag=actor.lag)
    return {"deleted": event.id}


def rename(actor: Actor, wish: Wish) -> dict[str, Any]:
    """Give a person, cost centre, category or account another `name`; without any, the company."""
    name = str(wish["name"])
    found = _register(actor, wish)
    if found is None:
        actor.company.legal_name = actor.company.trade_name = name
        return {"name": name}
    found.name = name
    if hasattr(found, "updated_at"):
        found.updated_at = actor.now
    return {"id": found.id, "name": name}


def activate(actor: Actor, wish: Wish) -> dict[str, Any]:
    return _switch(actor, wish, active=True)


def deactivate(actor: Actor, wish: Wish) -> dict[str, Any]:
    return _switch(actor, wish, active=False)


def _switch(actor: Actor, wish: Wish, *, active: bool) -> dict[str, Any]:
    found = _register(actor, wish)
    if found is None:
        raise ValueError("Name a person, cost_centre, category or account")
    found.active = active
    return {"id": found.id, "active": active}


def _register(actor: Actor, wish: Wish) -> Any:
    company = actor.company
    tables: dict[str, dict[str, Any]] = {
        "person": company.people,
        "cost_centre": company.cost_centres,
        "category": company.categories,
        "account": company.accounts,
    }
    for name, table in tables.items():
        if name in wish:
            return table[str(wish[name])]
    return None


def add(actor: Actor, wish: Wish) -> dict[str, Any]:
    """By hand: `kind` says what; `entry` is the body of a creation, or the fields of a register's row."""
    kind, entry = str(wish["kind"]), wish.get("entry") or {}
    if kind in (PAYABLE, RECEIVABLE):
        return _add_entry(actor, kind, entry)
    maker = Maker(date.today().toordinal() + actor.company.legacy_id(), actor.now)  # noqa: DTZ011 - only a seed
    match kind:
        case "person":
            return registers.person_row(maker.person(actor.company, entry), with_address=False)
        case "cost_centre":
            return registers.cost_centre(maker.cost_centre(actor.company, entry))
        case "category":
            return registers.category(maker.category(actor.company, entry))
        case "account":
            return registers.account(maker.account(actor.company, entry))
    raise ValueError("kind: payable, receivable, person, cost_centre, category or account")


def _add_entry(actor: Actor, kind: str, entry: Wish) -> dict[str, Any]:
    fields = Fields(entry, strict=True)
    event = read_event(fields, kind, PARTY_FIELD[kind], actor.world.ids, actor.company, actor.now)
    check_references(event, actor.company)
    actor.company.save(replace(event, by_hand=True), now=actor.now, lag=actor.lag)
    return entries.created(event, actor.today)


def disconnect(actor: Actor, _wish: Wish) -> dict[str, Any]:
    """Take the application's access back: its tokens stop working."""
    actor.world.tokens.revoke(actor.company.id)
    return {"disconnected": actor.company.id}


def block_plan(actor: Actor, wish: Wish) -> dict[str, Any]:
    actor.company.plan_status = str(wish.get("status") or "END_TRIAL")
    return {"plan_status": actor.company.plan_status}


def unblock_plan(actor: Actor, _wish: Wish) -> dict[str, Any]:
    actor.company.plan_status = "ATIVO"
    return {"plan_status": actor.company.plan_status}


ACTIONS: dict[str, Callable[[Actor, Wish], dict[str, Any]]] = {
    "pay": pay,
    "pay_in_part": pay_in_part,
    "undo_payment": undo_payment,
    "edit": edit,
    "touch": touch,
    "delete": delete,
    "rename": rename,
    "deactivate": deactivate,
    "activate": activate,
    "add": add,
    "disconnect": disconnect,
    "block_plan": block_plan,
    "unblock_plan": unblock_plan,
}
