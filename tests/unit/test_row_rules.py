"""Row rules by polars agree, row by row, with plain Python, whatever lies in the cells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from lake_config.contract import Rule, Table
from lake_config.errors import ContractError
from quality.row_rules import judged, row_violations, undecodable
from quality.suite import row_rules, rules_for
from tests.lib import plain_rules
from tests.lib.quality_cases import (
    FAMILIES,
    GOOD,
    IDENTITY_NUMBERS,
    INVENTED,
    MEMBERS,
    NASTY,
    column,
    contract,
    generated_rows,
    table,
)
from tests.lib.typed_rows import TYPED, typed_row
from tests.unit.test_set_rules import framed

RULES = rules_for(INVENTED, MEMBERS)
Rows = Sequence[dict[str, Any]]


def assert_agree(made: Table, rules: Sequence[Rule], rows: Rows) -> set[str]:
    """Only what differs is shown, so that a failure can be read; gives what was broken."""
    wanted = plain_rules.violations(made, row_rules(rules), rows)
    found = row_violations(made, rules, framed(made, rows)).collect(engine="streaming")
    seen = {row: list(names) for row, names in found.iter_rows()}
    differences = [
        (set(names) ^ set(seen.get(number, [])), rows[number])
        for number, names in enumerate(wanted)
        if names != seen.get(number, [])
    ]
    assert differences == []
    assert all(found["rules"].list.len() > 0)
    return {name for names in wanted for name in names}


def test_generated_rows_and_every_rule_is_broken_by_some() -> None:
    rows = [generated_rows(seed, 2500) for seed in (1, 2, 3)]
    broken = set().union(*(assert_agree(MEMBERS, RULES, some) for some in rows))
    assert broken == {rule.name for rule in row_rules(RULES)}


@pytest.mark.parametrize("name", [item.name for item in MEMBERS.columns])
def test_every_nasty_text_in_every_column(name: str) -> None:
    assert_agree(
        MEMBERS, RULES, [{**GOOD, name: t} for t in (*NASTY, *IDENTITY_NUMBERS)]
    )


def test_typed_columns() -> None:
    rules = rules_for(contract(FAMILIES, TYPED), TYPED)
    broken = assert_agree(TYPED, rules, [typed_row(number) for number in range(700)])
    assert {"range.birth_date", "range.children", "order.membership"} <= broken
    assert {"sum.income", "range.wages"} <= broken


@pytest.mark.parametrize(
    "pattern", ["yyyy/MM/dd", "yyyy.MM.dd", "ddMMyyyy", "yyyy年MM月dd日"]
)
def test_other_date_formats(pattern: str) -> None:
    made = table("days", [column("day", "date", date_format=pattern)])
    texts = [text for text in NASTY if text] + ["29022024", "30022024", "2024.02.29"]
    rows = [{"day": text.replace("-", mark)} for text in texts for mark in "-/.年"]
    assert_agree(made, rules_for(contract(made), made), rows)


@pytest.mark.parametrize(
    "pattern", ["yyyy-M-d", "yyyy-MM", "yyyyMMdd HH", "yyyyMMddMM"]
)
def test_a_format_nobody_can_judge_is_refused(pattern: str) -> None:
    made = table("days", [column("day", "date", date_format=pattern)])
    with pytest.raises(ContractError, match="day"):
        row_violations(made, rules_for(contract(made), made), framed(made, []))


@pytest.mark.parametrize("type_", ["decimal(5,2)", "decimal(3,3)", "decimal(4,0)"])
def test_numbers_of_every_size(type_: str) -> None:
    facts = {"minimum": "-0.5", "maximum": "9.255"}
    made = table("sums", [column("sum", "number", physical_type=type_, **facts)])
    ends = ("", "0", "00", "5", "250", "255", "9990", "1234")
    texts = [
        f"{sign}{before}{point}{after}"
        for sign in ("", "-", "+")
        for before in ("", "0", "00", "9", "0009", "123", "1234", "12345")
        for point in ("", ".")
        for after in ends
    ]
    broken = assert_agree(
        made, rules_for(contract(made), made), [{"sum": t} for t in texts]
    )
    assert broken == {"parse.sum", "range.sum"}


def test_rows_without_rules_break_nothing() -> None:
    made = table("loose", [column("note")], source={"table": "loose"})
    found = row_violations(made, (), framed(made, [{"note": None}])).collect()
    assert found.schema == {"_row": pl.Int64, "rules": pl.List(pl.String)}
    assert found.height == 0


def test_rows_of_several_files(tmp_path: Path) -> None:
    rows = generated_rows(9, 2000)
    frame = framed(MEMBERS, rows).collect()
    files = [tmp_path / name for name in ("a.parquet", "b.parquet")]
    frame[:900].write_parquet(files[0], row_group_size=100)
    frame[900:].write_parquet(files[1])
    scanned = row_violations(MEMBERS, RULES, pl.scan_parquet(files, glob=False))
    held = row_violations(MEMBERS, RULES, frame.lazy())
    assert (
        scanned.collect(engine="streaming")
        .sort("_row")
        .equals(held.collect().sort("_row"))
    )


def test_which_cells_can_be_judged_and_read() -> None:
    rows = generated_rows(10, 2000)
    frame = framed(MEMBERS, rows).collect()
    for name in (item.name for item in MEMBERS.columns):
        seen = frame.select("_row", yes=judged(MEMBERS, RULES, [name])).sort("_row")
        assert seen["yes"].to_list() == [
            plain_rules.can_be_judged(RULES, row, name) for row in rows
        ]
    marked = frame.select("_row", yes=undecodable(RULES)).sort("_row")["yes"]
    assert marked.to_list() == [
        any(text and "\ufffd" in text for text in row.values()) for row in rows
    ]


def test_a_lowered_severity_changes_no_verdict() -> None:
    warned = [replace(rule, severity="warn") for rule in RULES]
    assert_agree(MEMBERS, warned, generated_rows(6, 500))


def test_a_number_too_large_to_add_does_not_stop_the_batch() -> None:
    made = table("t", [column(name, "number", physical_type="text") for name in "abc"])
    rules = (Rule("sum.a", "sum", ("a", "b", "c"), "stop"),)
    huge, wrong = dict.fromkeys("abc", "9" * 28), {"a": "3", "b": "1", "c": "1"}
    found = row_violations(made, rules, framed(made, [huge, wrong])).collect()
    assert found.rows() == [(1, ["sum.a"])]


def test_whole_and_decimal_numbers_can_be_in_order() -> None:
    facts = {"physical_type": "decimal(9,2)"}
    made = table("t", [column("low", "integer"), column("high", "number", **facts)])
    rules = (Rule("order.t", "order", ("low", "high"), "stop"),)
    assert_agree(
        made, rules, [{"low": "2", "high": text} for text in ("1.99", "2", "2.01")]
    )


@pytest.mark.parametrize("pattern", [r"\D+", r"\W+", r"\S+", r"[\d\w]+", r"\\d"])
def test_classes_are_ascii_as_in_the_contract(pattern: str) -> None:
    made = table("t", [column("code", pattern=pattern)])
    texts = ("年", "é", "１２", "12", "a_", "\u3000", " ", "\\d", "-")
    assert_agree(
        made, rules_for(contract(made), made), [{"code": text} for text in texts]
    )
