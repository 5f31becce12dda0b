"""Rules follow from the contract, each with a severity, always in the same order."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lake_config.contract import Rule
from lake_config.errors import ContractError
from quality.suite import rules_for, stop_rules
from tests.lib.quality_cases import (
    BAND,
    INVENTED,
    MEMBERS,
    column,
    contract,
    table,
    typed,
)


def names(*columns, **facts):
    made = table("people", columns, **facts)
    return [rule.name for rule in rules_for(contract(made), made)]


def test_every_kind_is_derived_in_column_order():
    assert [rule.name for rule in rules_for(INVENTED, MEMBERS)] == [
        "required.member_no", "decodable.member_no", "pattern.member_no",
        "decodable.family_no",
        "decodable.identity_no", "check_digit.identity_no", "length.identity_no",
        "required.name", "decodable.name", "length.name",
        "decodable.relation", "code.relation",
        "decodable.mobile", "pattern.mobile",
        "decodable.birth_date", "parse.birth_date", "range.birth_date",
        "decodable.joined", "parse.joined",
        "decodable.left", "parse.left",
        "decodable.seen_at", "parse.seen_at",
        "decodable.seen_on", "parse.seen_on",
        "decodable.children", "parse.children", "range.children",
        "decodable.income", "parse.income",
        "decodable.wages", "parse.wages", "range.wages",
        "decodable.aid", "parse.aid",
        "decodable.alive", "parse.alive",
        "decodable.card_no",
        "unique.member_no", "unique.card_no", "reference.family_no",
        "order.membership", "sum.income",
    ]  # fmt: skip


def test_the_order_is_the_same_every_time():
    assert rules_for(INVENTED, MEMBERS) == rules_for(INVENTED, MEMBERS)


def test_a_contract_rule_replaces_the_derived_one_of_its_name():
    stop = stop_rules(rules_for(INVENTED, MEMBERS))
    assert "length.name" not in stop
    assert "length.identity_no" in stop


def test_an_identity_number_gets_no_pattern_beside_its_check_digit():
    number = column("id", semantic_type="identity_number", pattern="[0-9X]{18}")
    assert names(number) == ["decodable.id", "check_digit.id"]


@pytest.mark.parametrize(
    ("source", "decodable"),
    [
        ({"file": "people_*.csv"}, True),
        ({"file": "people.JSONL"}, True),
        ({"format": "csv"}, True),
        ({"file": "people.xlsx"}, False),
        ({"file": "people.parquet"}, False),
        ({"table": "people"}, False),
        ({"path": "/v1/people"}, True),
    ],
)
def test_decodable_is_asked_of_what_comes_as_text(source, decodable):
    assert ("decodable.name" in names(column("name"), source=source)) is decodable


def test_typed_columns_need_no_parse_and_no_length():
    types = {"children": "bigint", "birth_date": "date", "name": "int"}
    landed = typed(MEMBERS, types)
    found = {rule.name for rule in rules_for(contract(landed), landed)}
    assert not found & {"parse.children", "parse.birth_date"}
    assert {"parse.joined", "range.children", "range.birth_date"} <= found


def test_a_key_of_several_columns_is_one_rule():
    keys = [column("a", primary_key=True), column("b", primary_key=True, unique=True)]
    assert "unique.a+b" in names(*keys)
    assert "unique.b" in names(*keys)


def test_a_single_key_is_not_asked_twice():
    found = names(column("a", primary_key=True, unique=True))
    assert found.count("unique.a") == 1


def test_a_key_is_required_without_saying_so():
    assert "required.a" in names(column("a", primary_key=True))


@pytest.mark.parametrize(
    "rule",
    [
        Rule("between.a", "between", ("a",), "stop"),
        Rule("wrong.a", "order", ("a",), "stop"),
        Rule("order.a", "order", ("a", "nowhere"), "stop"),
        Rule("order.a", "order", ("a",), "maybe"),
        Rule("order.a", "order", (), "stop"),
    ],
)
def test_nonsense_is_refused_with_its_place(rule):
    made = table("people", [column("a")], rules=(rule,), band=BAND)
    with pytest.raises(ContractError, match=r"invented\.people"):
        rules_for(contract(made), made)


def test_all_nonsense_is_told_at_once():
    wrong = [Rule(f"order.{name}", "order", (name,), "stop") for name in "xyz"]
    made = table("people", [column("a")], rules=tuple(wrong))
    with pytest.raises(ContractError) as caught:
        rules_for(contract(made), made)
    assert len(caught.value.problems) == 3


def test_a_department_without_a_file_of_its_own_has_no_extra_rules():
    made = replace(INVENTED, department="nobody")
    assert rules_for(made, MEMBERS) == rules_for(INVENTED, MEMBERS)
