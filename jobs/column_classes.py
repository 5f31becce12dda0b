"""What a batch's accepted rows are, beside what its contract says: classes, children, persons.

Looked at a piece at a time when a batch is masked, and only in columns that show what they
hold. The receipt carries findings; whoever publishes holds them against what officers have
confirmed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any

import polars as pl

from audit.events import canonical
from audit.receipts import Receipt
from audit.tickets import CLASSES
from jobs.committed_rows import no_cell_told
from jobs.context import ACTOR, Job
from jobs.failures import alert
from jobs.steps import Masked
from jobs.tickets import open_ticket
from lake_config.digests import sm3
from lake_config.errors import ClassUnconfirmed, OutOfTurn
from lake_config.layers import table_key
from privacy import person_count, table_tags
from privacy.class_confirmation import Place, unconfirmed
from privacy.classification.watch import Watched, together, watched
from privacy.classify import (
    RULES,
    facts,
    findings,
    lineage,
    propose,
    samples,
    watched_columns,
)
from privacy.person_count import born, person_number
from privacy.table_tags import UNDER_14
from quality.frames import collected
from quality.row_values import value

NUMBERED = ("identity_number",)
PERSON, BORN = "_person_", "_born_"
WHOLE_TABLE = "*"
"""The column of a finding about all of a table."""

ALL_TABLES = "lake"
LOOKING = "列类别检查"


@dataclass(frozen=True, slots=True)
class Seen:
    """Of all rows: what columns show, rows about persons under 14, what persons leave."""

    columns: dict[str, Watched]
    children: int
    persons: person_count.Registers | None


def seen(job: Job, pieces: list[pl.LazyFrame]) -> Seen:
    """One look at every accepted row."""
    names = watched_columns(job.table, pieces[0].collect_schema())
    with no_cell_told(job, LOOKING):
        found = [_piece(job, piece, names) for piece in pieces]
    columns = {
        name: reduce(together, (item.columns[name] for item in found)) for name in names
    }
    rows = [item.persons for item in found if item.persons is not None]
    persons = person_count.together(rows) if rows else None
    return Seen(columns, sum(item.children for item in found), persons)


def _piece(job: Job, piece: pl.LazyFrame, names: Iterable[str]) -> Seen:
    """Numbers of persons stand beside the columns, as digits that tell a birth date."""
    people = [item.name for item in job.table.columns if item.semantic_type in NUMBERED]
    numbers = [person_number(pl.col(name)).alias(PERSON + name) for name in people]
    births = [item for item in job.table.columns if item.semantic_type == "birth_date"]
    days = [value(item).cast(pl.Date).alias(BORN + item.name) for item in births]
    rows = collected(piece.select(*names, *numbers, *days))
    columns = {name: watched(rows[name]) for name in names}
    if not people and not births:
        return Seen(columns, 0, None)
    since = table_tags.fourteen_years_before(job.date)
    first, last = _digits(since, job.date)
    young = [
        *(born(pl.col(PERSON + name)).is_between(first, last) for name in people),
        *(pl.col(BORN + item.name) > since for item in births),
    ]
    children = rows.select(pl.any_horizontal(*young).fill_null(False).sum()).item()
    persons = [rows[PERSON + name] for name in people]
    left = person_count.registers(job.settings, persons) if people else None
    return Seen(columns, int(children), left)


def _digits(since: date, until: date) -> tuple[int, int]:
    """The first and the last day of those who are children, as numbers."""
    return int(f"{since:%Y%m%d}") + 1, int(f"{until:%Y%m%d}")


def receipt_facts(job: Job, found: Seen) -> dict[str, Any]:
    """For the receipt of masking: rules, findings, counts; never a value."""
    origins = lineage(job.table, job.contract.tables)
    proposals = propose(job.table, samples(found.columns), origins)
    told = facts(findings(job.table, proposals, found.columns))
    if found.children and not job.table.minors:
        cells = found.children
        child = {"column": WHOLE_TABLE, "name": UNDER_14, "why": "appears"}
        told.append({**child, "cells": cells})
    about = {"rules": RULES, "looked_at": sorted(found.columns), "findings": told}
    counted = (
        {}
        if found.persons is None
        else {"persons": person_count.estimate(found.persons)}
    )
    return {"classes": about, "under14": found.children, **counted}


def places(body: dict[str, Any]) -> tuple[Place, ...]:
    """Where a receipt found more than the contract says, and what."""
    about = body.get("classes") or {}
    return tuple((item["column"], item["name"]) for item in about.get("findings", ()))


def tell(job: Job, body: dict[str, Any]) -> None:
    """A ticket to the department about what nobody has confirmed yet."""
    open_ = unconfirmed(job.settings, job.contract, job.table.name, places(body))
    if open_:
        columns, names = ({place[part] for place in open_} for part in (0, 1))
        digest = sm3(canonical({CLASSES: sorted(map(list, open_))}))
        open_ticket(job, CLASSES, names, columns, digest)


def refuse_if_unconfirmed(job: Job, masked: Masked) -> None:
    """Before anything is moved: by these rules, and with nothing open."""
    about = masked.body.get("classes") or {}
    if about.get("rules") != RULES:
        raise OutOfTurn(
            f"{job.batch}：脱敏时没有按现行规则检查列类别，请重新执行脱敏。"
        )
    open_ = unconfirmed(job.settings, job.contract, job.table.name, places(masked.body))
    if open_:
        told = "、".join(f"{column} 列有 {name}" for column, name in open_)
        raise ClassUnconfirmed(
            f"{job.batch}：数据看起来比契约所说的更敏感：{told}。没有发布，已发布的版本不受影响。"
            "请数源部门修订契约的列类别后重新签署；确认无误的，请安全管理员执行："
            f"./lake privacy confirm {job.contract.department} --table {job.table.name} "
            "--column 列名 --class 类别 --officer 姓名"
        )


def count_persons(job: Job, found: Seen) -> None:
    """The table's part of the count of all; a level that is reached is told of once."""
    if found.persons is None:
        return
    department, name = job.contract.department, job.table.name
    person_count.keep(job.settings, table_key(department, name), found.persons)
    total = person_count.of_all_tables(job.settings)
    level, before = person_count.reached(total), _level_before(job)
    if level == before:
        return
    body = {
        "department": department,
        "table": name,
        "date": job.date.isoformat(),
        "persons": person_count.estimate(found.persons),
        "total": total,
        "level": level,
    }
    job.ledger.append("persons_counted", ACTOR, ALL_TABLES, body)
    if level > before:
        what = f"many_persons:{level}"
        alert(job.settings, department, name, job.date, what)


def _level_before(job: Job) -> int:
    last = next(job.ledger.newest("persons_counted", ALL_TABLES), None)
    return int(last.body["level"]) if last else 0


def is_told_by_these_rules(done: Receipt) -> bool:
    """Was a receipt of masking written by the rules of today?"""
    return (done.body.get("classes") or {}).get("rules") == RULES
