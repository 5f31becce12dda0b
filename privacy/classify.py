"""Which class the columns of a table are, and where a contract protects one too little.

What a column may be is in `classification/`. A proposal is confirmed by the contract that an
officer signs; a finding is where the data says otherwise, and nothing is published over one
that no officer has confirmed (class_confirmation.py).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any

import polars as pl

from audit.events import canonical
from lake_config.contract import Column, Table
from lake_config.digests import sm3
from privacy.classification import forms, measures, proposal, watch
from privacy.classification.classes import (
    CLASSES,
    DIRECT,
    ORGANISATION,
    ORGANISATION_ENGLISH,
)
from privacy.classification.measures import Sample, measured
from privacy.classification.names import Named, name_evidence, of_organisation
from privacy.classification.proposal import REACHED, Proposal, protects_less
from privacy.classification.watch import Watched, appearing
from privacy.leak_scan import scanned_columns

CLASSIFIED, APPEARS = "classified", "appears"
PEOPLE = frozenset(DIRECT) - set(REACHED) | {"person_key", "birth_date"}
"""A table without a column of these says nothing of persons."""


def _version() -> str:
    content = {
        "classes": [asdict(item) for item in CLASSES],
        "organisation": [*ORGANISATION, *ORGANISATION_ENGLISH],
        "patterns": [*forms.PATTERNS, watch.RUN, watch.SUSPECT, *watch.NUMBERS],
        "limits": [
            proposal.PROVEN, proposal.MANY, proposal.NEARLY_ALL, proposal.HALF, proposal.SEEN,
            measures.SAMPLE, watch.APPEARS, watch.SURE,
        ],
    }  # fmt: skip
    return f"1.{sm3(canonical(content))[:16]}"


RULES = _version()
"""Named by content: other rules need other confirmations. The 1 is raised by
whoever changes how evidence is weighed."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A column that shows more than the class found in it may; `cells` are those counted.

    `why`: its cells are of the class, or some of them have begun to be.
    """

    column: str
    name: str
    why: str
    cells: int


def samples(columns: Mapping[str, Watched]) -> dict[str, Sample]:
    """What the samples of columns show."""
    return {name: measured(seen.cells, seen.values) for name, seen in columns.items()}


def propose(
    table: Table,
    columns: Mapping[str, Sample],
    confirmed: Mapping[str, str] | None = None,
    hidden: bool = False,
) -> tuple[Proposal, ...]:
    """A class for each column that was looked at, in the table's order.

    `confirmed` are classes of the columns that some are taken from. Hidden names tell
    nothing: what is left then is values and lineage.
    """
    known = confirmed or {}
    found = tuple(
        _proposal(item, columns[item.name], known.get(item.name, ""), hidden)
        for item in table.columns
        if item.name in columns
    )
    bodies = () if hidden else columns_of_bodies(table, found)
    return tuple(
        _of_body(table, item, columns[item.column]) if item.column in bodies else item
        for item in found
    )


def _proposal(item: Column, sample: Sample, confirmed: str, hidden: bool) -> Proposal:
    named = Named() if hidden else name_evidence(item.name, item.business_name)
    return proposal.proposal(item.name, named, sample, confirmed)


def columns_of_bodies(table: Table, found: Iterable[Proposal]) -> frozenset[str]:
    """Columns whose telephones and addresses are a body's: the names say so, and neither
    contract nor data know a person in the table."""
    kinds = {item.semantic_type for item in table.columns} | {
        item.name for item in found
    }
    if kinds & PEOPLE:
        return frozenset()
    return frozenset(
        item.name for item in table.columns if of_organisation(item, table)
    )


def _of_body(table: Table, found: Proposal, sample: Sample) -> Proposal:
    if found.name not in REACHED:
        return found
    column = table.column(found.column)
    named = name_evidence(column.name, column.business_name)
    return proposal.proposal(column.name, named, sample, organisation=True)


def lineage(table: Table, tables: Iterable[Table]) -> dict[str, str]:
    """Columns whose values come from another table, and the class that one has there."""
    known = {item.name: item for item in tables}
    return {
        item.column: known[item.parent_table].column(item.parent_column).semantic_type
        for item in table.references
    }


def watched_columns(table: Table, types: Mapping[str, pl.DataType]) -> tuple[str, ...]:
    """Columns that show a direct identifier if they hold one: by contract, type and gate.

    Closed codes and days cannot: the gate holds back what is neither.
    """
    can_hold = set(scanned_columns(types))
    return tuple(
        item.name
        for item in table.columns
        if item.name in can_hold
        and not item.codes
        and item.logical_type in ("string", "integer", "number")
        and any(_shows(table, item, name) for name in DIRECT)
    )


def _shows(table: Table, item: Column, name: str) -> bool:
    """Would the column show what `name` hides? A record number is shown to engineers."""
    shown = item.name == table.record_number
    return protects_less("not_personal" if shown else item.semantic_type, name)


def findings(
    table: Table, proposals: Iterable[Proposal], columns: Mapping[str, Watched]
) -> tuple[Finding, ...]:
    """Where the contract protects less than the data asks for, in the table's order."""
    by_column = {item.column: item for item in proposals}
    bodies = columns_of_bodies(table, by_column.values())
    return tuple(
        found
        for item in table.columns
        if item.name in columns
        for found in _of_column(table, item, by_column[item.name], columns[item.name])
        if not (item.name in bodies and found.name in REACHED)
    )


def _of_column(
    table: Table, item: Column, proposed: Proposal, seen: Watched
) -> list[Finding]:
    found = []
    if proposed.name in DIRECT and _shows(table, item, proposed.name):
        found = [Finding(item.name, proposed.name, CLASSIFIED, seen.cells)]
    told = {one.name for one in found}
    return found + [
        Finding(item.name, name, APPEARS, cells)
        for name, cells in appearing(seen).items()
        if name not in told and _shows(table, item, name)
    ]


def facts(found: Iterable[Finding]) -> list[dict[str, Any]]:
    """For a receipt."""
    return [asdict(item) for item in found]
