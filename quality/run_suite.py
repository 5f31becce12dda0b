"""The table's rules as a real Great Expectations suite; the only importer of GX.

Row expectations and uniqueness are declared here and judged by `broken_rows`, which must
name the rows anyway; a test proves that GX says the same. Columns and number of rows are
run by GX itself, `BOOLEAN_ONLY`, on a context that lives in memory. No value, no file, no
progress bar, no network comes out. References are judged by `set_rules` alone: GX
sees one table at a time.
"""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import great_expectations as gx
import numpy as np
import pandas as pd
from great_expectations import expectations as gxe
from great_expectations.data_context.types.base import (
    DataContextConfig,
    InMemoryStoreBackendDefaults,
    ProgressBarsConfig,
)
from great_expectations.expectations.row_conditions import PassThroughCondition

from lake_config.contract import Rule, Table
from lake_config.errors import JobFailed
from quality.rule_sql import broken_sql, can_declare, judged_sql
from quality.suite import row_rules, set_rules

if TYPE_CHECKING:
    from pyspark.sql import DataFrame

SEVERITY = {"stop": "critical", "warn": "warning"}
BATCH_COLUMNS = ("_row", "_batch")
VOLATILE = ("id", "great_expectations_version")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One expectation's verdict, and nothing else."""

    rule: str
    success: bool
    unexpected: int | None = None


def suite(table: Table, rules: Iterable[Rule]) -> gx.ExpectationSuite:
    """Every rule of the table, declared."""
    rules = tuple(rules)
    expectations = [
        *_row_expectations(table, rules),
        *_table_expectations(table),
        *_unique_expectations(rules),
    ]
    return gx.ExpectationSuite(name=table.name, expectations=expectations)


def suite_digest(table: Table, rules: Iterable[Rule]) -> str:
    """SHA-256 over the suite as GX writes it, without what changes from run to run."""
    written = suite(table, rules).to_json_dict()
    text = json.dumps(_stable(written), sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def run(table: Table, columns: Sequence[str], rows: int) -> tuple[Outcome, ...]:
    """What GX says about the whole table: its columns and the number of rows.

    It is given a frame of that shape without a cell: one that held them would be read a
    second time, by the engine that wrote them.
    """
    shape = pd.DataFrame(np.zeros((rows, len(columns)), bool), columns=list(columns))
    return _judge(_table_expectations(table), shape, counts=False)


def run_unique_rules(rules: Iterable[Rule], frame: DataFrame) -> tuple[Outcome, ...]:
    """GX's own verdicts on keys: for the proof of agreement."""
    return _judge(_unique_expectations(tuple(rules)), frame, counts=False)


def run_row_rules(
    table: Table, rules: Iterable[Rule], frame: DataFrame
) -> tuple[Outcome, ...]:
    """GX's own run of the row expectations, with counts: for the proof of agreement."""
    return _judge(_row_expectations(table, tuple(rules)), frame, counts=True)


def _stable(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _stable(item) for key, item in value.items() if key not in VOLATILE
        }
    return [_stable(item) for item in value] if isinstance(value, list) else value


def _row_expectations(table: Table, rules: tuple[Rule, ...]) -> list[gxe.Expectation]:
    return [_row_expectation(table, rules, rule) for rule in row_rules(rules)]


def _row_expectation(
    table: Table, rules: tuple[Rule, ...], rule: Rule
) -> gxe.Expectation:
    """GX's own expectation where it has one for the kind, else its SQL expectation."""
    name = rule.columns[0]
    if can_declare(rule):
        condition = broken_sql(table, rules, rule).replace("{", "{{").replace("}", "}}")
        query = f"SELECT 1 AS broken FROM {{batch}} WHERE {condition}"  # noqa: S608
        return gxe.UnexpectedRowsExpectation(
            unexpected_rows_query=query, **_about(rule)
        )
    if rule.kind == "decodable":
        return gxe.ExpectColumnValuesToNotMatchRegex(
            column=name, regex=r"\x{FFFD}", **_about(rule)
        )
    facts = {"column": name, **_only_where(judged_sql(rules, rule.columns))}
    if rule.kind == "code":
        codes = [str(code) for code in rule.arguments["codes"]]
        return gxe.ExpectColumnValuesToBeInSet(value_set=codes, **facts, **_about(rule))
    if rule.kind == "length":
        longest = rule.arguments["max_length"]
        return gxe.ExpectColumnValueLengthsToBeBetween(
            max_value=longest, **facts, **_about(rule)
        )
    pattern = rf"\A(?:{rule.arguments['pattern']})\z"
    return gxe.ExpectColumnValuesToMatchRegex(regex=pattern, **facts, **_about(rule))


def _table_expectations(table: Table) -> list[gxe.Expectation]:
    columns = [column.name for column in table.columns]
    return [
        gxe.ExpectTableColumnsToMatchOrderedList(
            column_list=[*columns, *BATCH_COLUMNS], **_named("columns.table", "stop")
        ),
        gxe.ExpectTableRowCountToBeBetween(
            min_value=table.band.minimum_rows, **_named("row_count.table", "stop")
        ),
    ]


def _unique_expectations(rules: tuple[Rule, ...]) -> list[gxe.Expectation]:
    return [
        _unique_expectation(rules, rule)
        for rule in set_rules(rules)
        if rule.kind == "unique"
    ]


def _unique_expectation(rules: tuple[Rule, ...], rule: Rule) -> gxe.Expectation:
    condition = _only_where(judged_sql(rules, rule.columns))
    if len(rule.columns) == 1:
        return gxe.ExpectColumnValuesToBeUnique(
            column=rule.columns[0], **condition, **_about(rule)
        )
    return gxe.ExpectCompoundColumnsToBeUnique(
        column_list=list(rule.columns), **condition, **_about(rule)
    )


def _only_where(condition: str) -> dict[str, Any]:
    return {"row_condition": PassThroughCondition(pass_through_filter=condition)}


def _about(rule: Rule) -> dict[str, Any]:
    return _named(rule.name, rule.severity)


def _named(name: str, severity: str) -> dict[str, Any]:
    meta = {"rule": name, "severity": severity}
    return {"meta": meta, "severity": SEVERITY[severity]}


def _judge(
    expectations: list[gxe.Expectation], frame: DataFrame | pd.DataFrame, counts: bool
) -> tuple[Outcome, ...]:
    """Run on an in-memory context; rows are not cached on the way (`persist`)."""
    logging.getLogger("great_expectations").setLevel(logging.CRITICAL)
    context = gx.get_context(mode="ephemeral", project_config=_configuration())
    source = (
        context.data_sources.add_pandas("lake")
        if isinstance(frame, pd.DataFrame)
        else context.data_sources.add_spark("lake", persist=False)
    )
    asset = source.add_dataframe_asset("table")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
        batch_parameters={"dataframe": frame}
    )
    checked = gx.ExpectationSuite(name="run", expectations=expectations)
    found = batch.validate(checked, result_format="BASIC" if counts else "BOOLEAN_ONLY")
    return tuple(_outcome(result, counts) for result in found.results)


def _configuration() -> DataContextConfig:
    """Stores in memory, no documents, no statistics sent, no progress bars."""
    return DataContextConfig(
        store_backend_defaults=InMemoryStoreBackendDefaults(init_temp_docs_sites=False),
        analytics_enabled=False,
        progress_bars=ProgressBarsConfig(globally=False, metric_calculations=False),
    )


def _outcome(result: Any, counts: bool) -> Outcome:
    """Rule and verdict; an exception's text may hold values and is withheld."""
    rule = result.expectation_config.meta["rule"]
    raised = result.exception_info or {}
    details = [raised, *(item for item in raised.values() if isinstance(item, dict))]
    if any(detail.get("raised_exception") for detail in details):
        raise JobFailed(
            f"Great Expectations 无法判定规则 {rule}，错误内容因可能含数据而不显示。"
            "请检查该规则的定义。"
        )
    found = result.result if counts else {}
    unexpected = found.get("unexpected_count", found.get("observed_value"))
    return Outcome(rule, bool(result.success), unexpected)
