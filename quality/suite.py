"""Which rules hold for a table: derived from column facts, then the contract's own,
then those of `quality/rules/<department>.py`.

Every rule says stop or warn. A later rule with the same name replaces the derived one,
so that a contract can lower a severity in plain sight. Nothing is judged in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from lake_config.contract import SEVERITIES, Column, Contract, Rule, Table
from lake_config.errors import ContractError

ROW_KINDS = (
    "required",
    "decodable",
    "parse",
    "code",
    "check_digit",
    "pattern",
    "range",
    "length",
    "order",
    "sum",
)
SET_KINDS = ("unique", "reference")
TEXT_FORMATS = ("csv", "tsv", "txt", "json", "jsonl")
IDENTITY_NUMBER = "identity_number"


def rules_for(contract: Contract, table: Table) -> tuple[Rule, ...]:
    """All rules of `table`, each name once, always in the same order."""
    extra = extra_rules(contract, table)
    found = (*derived(contract, table), *table.rules, *extra)
    rules = {rule.name: rule for rule in found}
    _refuse_nonsense(contract, table, rules.values())
    return tuple(rules.values())


def row_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.kind in ROW_KINDS)


def set_rules(rules: Iterable[Rule]) -> tuple[Rule, ...]:
    return tuple(rule for rule in rules if rule.kind in SET_KINDS)


def stop_rules(rules: Iterable[Rule]) -> frozenset[str]:
    """Names of the rules that send a row to quarantine."""
    return frozenset(rule.name for rule in rules if rule.severity == "stop")


def judged_columns(rules: Iterable[Rule], kind: str) -> frozenset[str]:
    """Columns that have a rule of `kind`."""
    return frozenset(rule.columns[0] for rule in rules if rule.kind == kind)


def derived(contract: Contract, table: Table) -> Iterator[Rule]:
    """Rules that follow from the facts a contract states about its columns."""
    as_text = delivered_as_text(contract, table)
    for column in table.columns:
        yield from _column_rules(column, as_text)
    yield from _unique_rules(table)
    for reference in table.references:
        arguments = {
            "parent_table": reference.parent_table,
            "parent_column": reference.parent_column,
        }
        yield _stop("reference", (reference.column,), **arguments)


def delivered_as_text(contract: Contract, table: Table) -> bool:
    """Text files have an encoding that can go wrong; a service's JSON has half characters."""
    if "path" in table.source:
        return True
    if not any(server.transport == "files" for server in contract.servers):
        return False
    endings = {value.rsplit(".", 1)[-1].lower() for value in table.source.values()}
    return bool(endings & set(TEXT_FORMATS))


def _column_rules(column: Column, as_text: bool) -> Iterator[Rule]:
    name = (column.name,)
    text = column.landed_type == "string"
    identity_number = column.semantic_type == IDENTITY_NUMBER
    if column.required or column.primary_key:
        yield _stop("required", name)
    if as_text and text:
        yield _stop("decodable", name)
    if text and column.logical_type != "string":
        yield _stop("parse", name)
    if column.codes:
        yield _stop("code", name, codes=column.codes)
    if identity_number:
        yield _stop("check_digit", name)
    if column.pattern is not None and not identity_number:
        yield _stop("pattern", name, pattern=column.pattern)
    if column.minimum is not None or column.maximum is not None:
        yield _stop("range", name, minimum=column.minimum, maximum=column.maximum)
    if column.max_length is not None and text:
        yield _stop("length", name, max_length=column.max_length)


def _unique_rules(table: Table) -> Iterator[Rule]:
    if table.primary_key:
        yield _stop("unique", table.primary_key)
    for column in table.columns:
        if column.unique and table.primary_key != (column.name,):
            yield _stop("unique", (column.name,))


def _stop(kind: str, columns: tuple[str, ...], **arguments: Any) -> Rule:
    return Rule(f"{kind}.{'+'.join(columns)}", kind, columns, "stop", arguments)


def extra_rules(contract: Contract, table: Table) -> tuple[Rule, ...]:
    """Rules beyond the contract: a module's `RULES`, pairs of table name and rule."""
    name = f"quality.rules.{contract.department}"
    if find_spec(name) is None:
        return ()
    pairs: tuple[tuple[str, Rule], ...] = import_module(name).RULES
    known = {item.name for item in contract.tables}
    if foreign := sorted({name for name, _ in pairs} - known):
        raise ContractError(
            tuple(f"{name}.py：契约中没有表 {item}，请更正表名。" for item in foreign)
        )
    return tuple(rule for name, rule in pairs if name == table.name)


def _refuse_nonsense(contract: Contract, table: Table, rules: Iterable[Rule]) -> None:
    columns = {column.name for column in table.columns}
    problems = [
        f"{contract.department}.{table.name} 规则 {rule.name}：{problem}"
        for rule in rules
        for problem in _problems(rule, columns)
    ]
    if problems:
        raise ContractError(tuple(problems))


def _problems(rule: Rule, columns: set[str]) -> Iterator[str]:
    if rule.kind not in ROW_KINDS + SET_KINDS:
        yield f"没有 {rule.kind} 这一类规则。"
    if not rule.name.startswith(f"{rule.kind}."):
        yield "规则名必须以规则类别开头。"
    if rule.severity not in SEVERITIES:
        yield "必须写明 stop 或 warn。"
    for name in rule.columns:
        if name not in columns:
            yield f"表中没有列 {name}。"
    if not rule.columns:
        yield "没有写明列。"
