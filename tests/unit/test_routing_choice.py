"""The choice of an account: the first rule that holds, else the default, else the only account, else none."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from alcada.connections import routing
from alcada.connections.routing import Default, Facts, choose, sole

MATRIZ, LOJA, OBRA = 1, 2, 3
BILL = Facts(
    kind="payable", amount=Decimal("100.00"), party="12", category=("7", "8"), flow="payable.submitted"
)


@dataclass(frozen=True)
class Rule:
    order: int
    conditions: Mapping[str, Any]
    connection_id: int | None = None
    refusal: str = ""
    name: str = "a rule"


def rule(
    order: int, to: int | None, *rows: tuple[str, str, str], match: str = "all", refusal: str = ""
) -> Rule:
    written = [{"field": name, "is": sign, "value": value} for name, sign, value in rows]
    return Rule(order, {"match": match, "rows": written}, to, refusal)


def test_the_first_rule_that_holds_decides() -> None:
    rules = [
        rule(1, LOJA, ("amount", ">", "100.00")),
        rule(2, OBRA, ("category", "=", "8")),
        rule(3, MATRIZ, ("kind", "=", "payable")),
    ]
    choice = choose(rules, Default(MATRIZ), {MATRIZ, LOJA, OBRA}, BILL)
    assert (choice.by, choice.connection_id, choice.rule) == ("rule", OBRA, rules[1])
    assert [(passed.rule, passed.failed) for passed in choice.passed] == [
        (rules[0], ({"field": "amount", "is": ">", "value": "100.00"},))
    ]


def test_only_the_rows_that_failed_are_named() -> None:
    rows = (("kind", "=", "payable"), ("cost_centre", "=", "3"))
    choice = choose([rule(1, LOJA, *rows)], Default(MATRIZ), {MATRIZ, LOJA}, BILL)
    assert choice.passed[0].failed == ({"field": "cost_centre", "is": "=", "value": "3"},)
    assert (choice.by, choice.connection_id) == ("default", MATRIZ)


def test_a_rule_may_refuse_and_so_may_the_default() -> None:
    refused = choose(
        [rule(1, None, ("kind", "=", "payable"), refusal="Fale com a Marta.")], Default(), {1, 2}, BILL
    )
    assert (refused.by, refused.connection_id, refused.refusal) == ("rule", None, "Fale com a Marta.")
    refused = choose([], Default(refusal="Escolha a filial."), {MATRIZ}, BILL)
    assert (refused.by, refused.connection_id, refused.refusal) == ("default", None, "Escolha a filial.")


def test_several_accounts_and_nothing_chosen_is_none_of_them() -> None:
    choice = choose([rule(1, LOJA, ("amount", ">", "1000.00"))], Default(), {MATRIZ, LOJA}, BILL)
    assert (choice.by, choice.connection_id, choice.problem) == ("none", None, "no_match")


def test_the_only_account_takes_what_no_rule_takes() -> None:
    choice = choose([], Default(), {MATRIZ}, BILL)
    assert (choice.by, choice.connection_id) == ("only", MATRIZ)


def test_an_account_that_was_never_authorised_is_no_way_out() -> None:
    choice = choose([rule(1, OBRA, ("kind", "=", "payable"))], Default(MATRIZ), {MATRIZ}, BILL)
    assert (choice.connection_id, choice.problem) == (OBRA, "not_connected")
    assert choose([], Default(MATRIZ), set(), BILL).problem == "no_account"


tables = st.tuples(
    st.lists(
        st.builds(
            lambda field, value, to: rule(1, to, (field, "=", value), refusal="" if to else "não"),
            st.sampled_from(["party", "category", "kind"]),
            st.sampled_from(["7", "8", "12", "payable"]),
            st.sampled_from([None, MATRIZ, LOJA, OBRA]),
        ),
        max_size=4,
    ),
    st.builds(Default, st.sampled_from([None, MATRIZ, LOJA]), st.just("")),
    st.sets(st.sampled_from([MATRIZ, LOJA, OBRA])),
)


@given(table=tables)
def test_an_account_is_chosen_for_a_stated_reason_or_none_is(table: Any) -> None:
    rules, default, accounts = table
    choice = choose(rules, default, accounts, BILL)
    chosen = choice.connection_id is not None and not choice.problem
    assert chosen or choice.refusal or choice.problem
    if chosen:
        assert choice.connection_id in accounts
        stated = {r.connection_id for r in rules} | {default.connection_id}
        assert choice.connection_id in stated or len(accounts) == 1
    if (only := sole(rules, default, accounts)) is not None:
        assert (choice.connection_id, choice.problem) == (only, ""), "what is checked early is where it goes"


def test_every_field_has_a_fact() -> None:
    assert set(vars(BILL)) == set(routing.FIELDS)
