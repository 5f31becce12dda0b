"""Plants a known number of each kind of defect, at most one in a row.

Which columns a kind can damage follows from the contract. A damaged value breaks exactly
one rule: keys that other tables refer to are left alone, totals stay in range.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import polars as pl

from lake_config.contract import Column, Contract, Table

KINDS = (
    "check_digit",
    "required",
    "unique",
    "code",
    "parse",
    "order",
    "sum",
    "decodable",
    "pattern",
    "reference",
)
Cell = str | None
Row = dict[str, Cell]
REPLACEMENT = "\ufffd"
ROWS_PER_DEFECT = 12
"""Fewer damaged rows than any gate lets pass: a small table's have to be few."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to damage a row of a table: the rule it breaks and how."""

    rule: str
    damage: Callable[[Row], None]


def plans_for(contract: Contract, table: Table) -> dict[str, Plan]:
    """Kind to plan, for every kind this table can carry (one column per kind)."""
    referenced = {
        (reference.parent_table, reference.parent_column)
        for other in contract.tables
        for reference in other.references
    }
    found: dict[str, Plan] = {}
    for column in table.columns:
        if (table.name, column.name) not in referenced:
            for plan in _column_plans(table, column):
                found.setdefault(plan.rule.split(".")[0], plan)
    for rule in table.rules:
        found.setdefault(rule.kind, _rule_plan(rule.name, rule.kind, rule.columns))
    if table.primary_key:
        found["unique"] = Plan(f"unique.{'+'.join(table.primary_key)}", _nothing)
    return found


def _nothing(row: Row) -> None:
    """A duplicate is a copy; nothing in it changes."""


def _column_plans(table: Table, column: Column) -> list[Plan]:
    """Every defect this column alone can carry."""
    name = column.name
    ruled = {item for rule in table.rules for item in rule.columns}
    refers = {reference.column for reference in table.references}
    plans = []
    if column.semantic_type == "identity_number":
        plans.append(Plan(f"check_digit.{name}", lambda row: _wrong_digit(row, name)))
    if column.primary_key or (column.required and name not in ruled | refers):
        plans.append(Plan(f"required.{name}", lambda row: row.update({name: None})))
    if column.codes:
        plans.append(Plan(f"code.{name}", lambda row: row.update({name: "Z"})))
    if column.logical_type == "date" and column.required:
        plans.append(
            Plan(f"parse.{name}", lambda row: row.update({name: "2025-02-30"}))
        )
    truncated = column.pattern and not column.primary_key and name not in refers
    if truncated and column.semantic_type != "identity_number":
        plans.append(Plan(f"pattern.{name}", lambda row: _truncate(row, column)))
    if _can_be_undecodable(table, column):
        plans.append(Plan(f"decodable.{name}", lambda row: _undecodable(row, name)))
    if name in refers:
        plans.append(Plan(f"reference.{name}", lambda row: row.update({name: "X000"})))
    return plans


def _can_be_undecodable(table: Table, column: Column) -> bool:
    free = not column.codes and column.pattern is None and not column.primary_key
    names = column.semantic_type in ("person_name", "address")
    return table.source.get("format") == "csv" and free and names


def _wrong_digit(row: Row, name: str) -> None:
    text = str(row[name])
    row[name] = text[:-1] + ("1" if text[-1] != "1" else "2")


def _truncate(row: Row, column: Column) -> None:
    """Cut until it is no code of its kind any more: J06.90 without an end still is one."""
    text = str(row[column.name] or "13800000000")
    while re.fullmatch(str(column.pattern), text):
        text = text[:-1]
    row[column.name] = text


def _undecodable(row: Row, name: str) -> None:
    row[name] = f"{row[name]}{REPLACEMENT}"


def _rule_plan(name: str, kind: str, columns: tuple[str, ...]) -> Plan:
    if kind == "sum":
        return Plan(name, lambda row: _wrong_total(row, columns[0]))
    return Plan(name, lambda row: _swap(row, *columns))


def _wrong_total(row: Row, name: str) -> None:
    value = float(str(row[name]))
    row[name] = f"{value - 1 if value >= 1 else value + 1:.2f}"


def _swap(row: Row, first: str, second: str) -> None:
    """The end before the start; equal or open ends get a fixed pair."""
    if not row[first] or not row[second] or row[first] == row[second]:
        number = str(row[first]).isdigit()
        row[first], row[second] = (
            ("9000", "8000") if number else (row[first], "1990-01-01")
        )
        if not number and len(str(row[first])) > 10:
            row[second] = "1990-01-01 00:00:00"
        return
    row[first], row[second] = row[second], row[first]


def plant(
    contract: Contract,
    table: Table,
    rows: pl.DataFrame,
    rng: np.random.Generator,
    rate: float,
) -> tuple[pl.DataFrame, list[tuple[str, int]]]:
    """Damaged rows (copies appended), and (rule, row place) of every defect in them."""
    plans = plans_for(contract, table)
    kinds = [kind for kind in KINDS if kind in plans]
    each = max(1, round(rows.height * rate / len(kinds))) if rows.height else 0
    each = min(each, rows.height // (ROWS_PER_DEFECT * len(kinds)))
    places = rng.permutation(rows.height)[: each * len(kinds)]
    damaged: dict[int, Row] = {}
    defects: list[tuple[str, int]] = []
    copies: list[int] = []
    for number, place in enumerate(sorted(int(place) for place in places)):
        plan = plans[kinds[number % len(kinds)]]
        if plan.damage is _nothing:
            copies.append(place)
            defects += [(plan.rule, place), (plan.rule, rows.height + len(copies) - 1)]
            continue
        row: Row = rows.row(place, named=True)
        plan.damage(row)
        damaged[place] = row
        defects.append((plan.rule, place))
    return _replaced(rows, damaged, copies), defects


def _replaced(
    rows: pl.DataFrame, damaged: dict[int, Row], copies: list[int]
) -> pl.DataFrame:
    extra = rows[copies]
    if damaged:
        change = pl.DataFrame(
            [{"_place": place, **row} for place, row in damaged.items()],
            schema={"_place": pl.UInt32, **rows.schema},
        )
        marked = rows.with_row_index("_place")
        rows = marked.update(change, on="_place", include_nulls=True).drop("_place")
    return pl.concat([rows, extra])
