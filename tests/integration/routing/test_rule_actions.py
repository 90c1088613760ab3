"""Changing the rules: each change in history, in order, refused on a stale look; what the database itself refuses."""

from collections.abc import Callable

import pytest
from django.db import IntegrityError, transaction
from integration.routing.office import Office

from alcada.connections import queries, routing_actions
from alcada.connections.models import Connection, Routing, RoutingRule
from alcada.connections.routing_actions import RoutingError, RulesChangedError, Target
from alcada.history.queries import of
from alcada.people.models import Company

BIG = ("amount", ">", "1000.00")
BILLS = ("kind", "=", "payable")


def committed(change: Callable[[], object]) -> None:
    """With what the database checks at a commit."""
    with transaction.atomic():
        change()
        transaction.get_connection().check_constraints()


def changes(office: Office) -> list[str]:
    return [record.event for record in of(office.company) if record.event.startswith("routing.")]


def test_rules_keep_their_places_without_gaps(office: Office) -> None:
    first, second = office.rule("A", office.matriz, BIG), office.rule("B", office.loja, BILLS)
    office.rule("C", "Não aqui.", BILLS)
    assert routing_actions.move_rule(second, up=True, version=office.version(), by=office.clara)
    assert office.names() == ["B", "A", "C"]
    second.refresh_from_db()
    assert not routing_actions.move_rule(second, up=True, version=office.version(), by=office.clara)
    routing_actions.remove_rule(first, version=office.version(), by=office.clara)
    places = RoutingRule.objects.filter(company=office.company).values_list("order", "name")
    assert list(places) == [(1, "B"), (2, "C")]
    assert changes(office) == ["routing.rule_added"] * 3 + ["routing.rule_moved", "routing.rule_removed"]
    removed = of(office.company).last()
    assert removed is not None
    assert removed.actor_name == "Clara Mendes"
    assert (removed.data["rule"], removed.data["account"]) == ("A", "Matriz")
    assert removed.data["conditions"]["rows"] == [{"field": "amount", "is": ">", "value": "1000.00"}]


def test_a_change_says_what_stood_before(office: Office) -> None:
    rule = office.rule("A", office.matriz, BIG)
    target, rows = (
        Target(office.loja),
        {"match": "all", "rows": [{"field": "kind", "is": "=", "value": "payable"}]},
    )
    routing_actions.change_rule(
        rule, name="A", conditions=rows, target=target, version=office.version(), by=office.clara
    )
    data = [record.data for record in of(office.company)][-1]
    assert (data["account"], data["before"]["account"]) == ("Loja", "Matriz")
    version = office.version()
    routing_actions.change_rule(
        rule, name="A", conditions=rows, target=target, version=version, by=office.clara
    )
    assert office.version() == version, "nothing changed, nothing recorded"


def test_two_people_never_change_what_the_other_did_not_see(office: Office) -> None:
    rule, seen = office.rule("A", office.matriz, BIG), office.version()
    office.rule("B", office.loja, BILLS)
    rows = {"match": "all", "rows": [{"field": "kind", "is": "=", "value": "payable"}]}
    for change in (
        lambda: routing_actions.move_rule(rule, up=False, version=seen, by=office.clara),
        lambda: routing_actions.remove_rule(rule, version=seen, by=office.clara),
        lambda: routing_actions.set_default(
            office.company, Target(office.loja), version=seen, by=office.clara
        ),
        lambda: routing_actions.change_rule(
            rule, name="A", conditions=rows, target=Target(office.loja), version=seen, by=office.clara
        ),
        lambda: routing_actions.add_rule(
            office.company,
            name="C",
            conditions=rows,
            target=Target(office.loja),
            version=seen,
            by=office.clara,
        ),
    ):
        with pytest.raises(RulesChangedError):
            change()
    assert office.names() == ["A", "B"]
    assert changes(office) == ["routing.rule_added", "routing.rule_added"]


def test_what_cannot_be_kept_is_refused_by_its_field(office: Office, other_company: Company) -> None:
    theirs = Connection.objects.create(company=other_company, name="Delas")
    office.rule("A", office.matriz, BIG)
    rows = {"match": "all", "rows": [{"field": "kind", "is": "=", "value": "payable"}]}
    nonsense = {"match": "all", "rows": [{"field": "password", "is": "=", "value": "x"}]}
    both = Target(office.matriz, "e também não")
    for name, conditions, target, field in (
        ("", rows, Target(office.matriz), "name"),
        ("A", rows, Target(office.matriz), "name"),
        ("B", nonsense, Target(office.matriz), "conditions"),
        ("B", rows, Target(), "target"),
        ("B", rows, Target(theirs), "target"),
        ("B", rows, both, "target"),
    ):
        with pytest.raises(RoutingError) as refused:
            routing_actions.add_rule(
                office.company,
                name=name,
                conditions=conditions,
                target=target,
                version=office.version(),
                by=office.clara,
            )
        assert refused.value.field == field
    assert office.names() == ["A"]


def test_the_database_keeps_targets_at_home_and_places_apart(office: Office, other_company: Company) -> None:
    theirs = Connection.objects.create(company=other_company, name="Delas")
    rule = office.rule("A", office.matriz, BIG)
    rules, table = RoutingRule.objects.filter(pk=rule.pk), Routing.objects.filter(company=office.company)
    conditions = rule.conditions
    for wrong in (
        lambda: rules.update(connection=theirs),
        lambda: table.update(default_connection=theirs),
        lambda: rules.update(refusal="e também não"),
        lambda: rules.update(connection=None),
        lambda: table.update(default_connection=office.matriz, default_refusal="e não"),
        lambda: RoutingRule.objects.create(
            company=other_company, order=1, name="X", conditions=conditions, connection=theirs
        ),  # no table to lock
    ):
        with pytest.raises(IntegrityError):
            committed(wrong)
    again = RoutingRule(
        company=office.company, order=1, name="B", conditions=conditions, connection=office.loja
    )
    with pytest.raises(IntegrityError):
        committed(again.save)


def test_several_accounts_without_a_default_are_named(office: Office) -> None:
    everybody = Company.objects.all()
    assert list(queries.undecided(everybody)) == [office.company]
    office.default(Target(office.matriz))
    assert not queries.undecided(everybody)


def test_what_a_connection_receives(office: Office) -> None:
    assert [queries.health(each).receives for each in (office.matriz, office.loja)] == ["nothing", "nothing"]
    office.default(Target(office.matriz))
    assert [queries.health(each).receives for each in (office.matriz, office.loja)] == ["all", "nothing"]
    office.rule("A", office.loja, BIG)
    assert [queries.health(each).receives for each in (office.matriz, office.loja)] == ["some", "some"]
