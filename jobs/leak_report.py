"""The leak scan of one staged table, before anything of it may be published.

Looks at cells, and at whatever goes with them: names of files and columns, comments, the
log with its properties and statistics, footers. Says how many, by class and column, and
where the first of them lie; never what. Anything found means that nothing is published.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

import polars as pl

from jobs.committed_rows import (
    PIECE_ROWS,
    committed_rows,
    in_pieces,
    no_cell_told,
)
from jobs.context import Job
from jobs.delta_files import files_added
from jobs.staged import AT_ONCE
from jobs.table_texts import texts_beside
from lake_config.contract import Table
from lake_config.errors import LakeError
from privacy.canaries import canaries
from privacy.column_treatment import treatment_of
from privacy.known_values import (
    Known,
    direct_columns,
    distinct,
    known_values,
    more_than_chance,
)
from privacy.leak_scan import (
    CELL,
    Found,
    cells_to_scan,
    found_in,
    hits_in,
    known_among,
    scanned_columns,
)
from privacy.names.writing import simplified
from privacy.names_left import LOOKED_AT, TEXT_TYPES, names_left, too_many
from privacy.policy import KEEP
from privacy.written_cells import ScanKey
from quality.frames import collected
from storage.store import Store

MOST_PLACES = 20
BY_CHANCE = 0.05
"""Share of the cells of a column told in the same form (FF1) that may be somebody's number:
each of them looks like one, and some are by chance. A plain column's all are."""
BESIDE = "*"
"""Where a column stands: found in a name, a comment, a log entry or a footer."""

OWN_NAME = "person_name of the same row"
MANY_NAMES = "person_name more than by chance"
MANY_NUMBERS = "numbers more than by chance"
BY_MODEL = "by the model"
SEPARATORS = r"[\s·•・.\-]+"
ROW = "_row_"
Pieces = Sequence[pl.LazyFrame]


@dataclass
class Report:
    """What has been found so far."""

    hits: int = 0
    found: Counter[str] = field(default_factory=Counter)
    places: list[dict[str, Any]] = field(default_factory=list)
    by_model: dict[str, Counter[str]] = field(default_factory=dict)

    def tell(self, column: str, kinds: Counter[str]) -> None:
        self.found.update({f"{column}: {kind}": kinds[kind] for kind in kinds})

    def body(self, cells: int) -> dict[str, Any]:
        """For the receipt: counts and places, and the verdict."""
        found = dict(self.found)
        facts: dict[str, Any] = {
            "places": self.places,
            "by_model": {name: dict(told) for name, told in self.by_model.items()},
        }
        return {
            "cells": cells,
            "hits": self.hits,
            "found": found,
            "ok": not (self.hits or found),
            **{name: told for name, told in facts.items() if told},
        }


def scan_of(job: Job, staged: Path, written: int, rows: Pieces = ()) -> dict[str, Any]:
    """What the leak scan says of a staged table of `written` rows.

    `rows`: the accepted rows it was made of, whose values must not be in it.
    """
    report, columns = Report(), 0
    with _deleted_unless_scanned(job, staged), no_cell_told(job):
        known = [*_known(job, rows), *canaries(job.settings)]
        if written:
            columns = _scan_cells(job, staged, written, known, report)
            _scan_rows(rows, job.table, job.purpose, report)
            _scan_texts(job, staged, report)
            beside = texts_beside(job.store, staged, formed_columns(job))
            report.tell(BESIDE, hits_in(beside, known))
    return report.body(written * columns)


@contextmanager
def _deleted_unless_scanned(job: Job, staged: Path) -> Iterator[None]:
    try:
        yield
    except LakeError:
        job.store.remove(staged)
        raise


def _known(job: Job, rows: Pieces) -> Iterator[Known]:
    """The batch's own people; eight bytes for each distinct value lie in memory."""
    columns = direct_columns(job.table)

    def values(cell: tuple[pl.LazyFrame, str]) -> tuple[str, pl.Series]:
        piece, name = cell
        kind = columns[name]
        return kind, collected(distinct(piece, name, kind))[name]

    if rows and columns:
        with ThreadPoolExecutor(AT_ONCE) as pool:
            cells = product(rows, columns)
            yield known_values(pool.map(values, cells), ScanKey.fresh())


@dataclass(frozen=True, slots=True)
class Part:
    """A column of a piece of a committed file, whose first row is the `begin`-th."""

    file: str
    begin: int
    rows: pl.LazyFrame
    name: str
    type_: pl.DataType


def _parts(store: Store, staged: Path) -> Iterator[Part]:
    """Of the very files that publication will move."""
    for file in sorted(files_added(store, staged, 0)):
        for number, rows in enumerate(in_pieces(store, staged / file)):
            types = rows.collect_schema()
            for name in scanned_columns(types):
                yield Part(file, 1 + number * PIECE_ROWS, rows, name, types[name])


def _scan_cells(
    job: Job, staged: Path, written: int, known: list[Known], report: Report
) -> int:
    """How many columns were looked at, AT_ONCE of a piece at a time."""
    inside, backwards, formed = Counter[str](), Counter[str](), Counter[str]()
    told, parts = formed_columns(job), list(_parts(job.store, staged))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        looks = pool.map(lambda part: _look(part, part.name in told, known), parts)
        for part, found in zip(parts, looks, strict=True):
            if isinstance(found, int):
                formed[part.name] += found
                continue
            report.hits += found.cells
            report.tell(part.name, found.by_class)
            report.places += _places(part, found, MOST_PLACES - len(report.places))
            inside[part.name] += found.inside
            backwards[part.name] += found.backwards
    for name, times in inside.items():
        if more_than_chance(times, backwards[name]):
            report.tell(name, Counter({MANY_NAMES: times}))
    for name, times in formed.items():
        if times > BY_CHANCE * written:
            report.tell(name, Counter({MANY_NUMBERS: times}))
    return len({part.name for part in parts})


def _look(part: Part, is_formed: bool, known: list[Known]) -> Found | int:
    """What is found; of a column told in the same form how many known numbers are."""
    cells = collected(cells_to_scan(part.rows, part.name, part.type_))
    return known_among(cells, known) if is_formed else found_in(cells, known)


def formed_columns(job: Job) -> set[str]:
    """Columns told as other numbers of the same form, by a grant."""
    return {
        item.name
        for item in job.table.columns
        if treatment_of(item, job.purpose).kind == "format"
    }


def _scan_texts(job: Job, staged: Path, report: Report) -> None:
    """What the model still sees in columns of free text, where one is published."""
    rows = committed_rows(job.store, staged)
    types = rows.collect_schema()
    texts = {
        item.name for item in job.table.columns if item.semantic_type in TEXT_TYPES
    }
    for name in sorted(texts & set(types)):
        cells = collected(rows.select(name).drop_nulls().unique().head(LOOKED_AT))
        found = names_left(cells[name])
        report.by_model[name] = found
        told = too_many(found).items()
        report.tell(name, Counter({f"{kind} {BY_MODEL}": many for kind, many in told}))


def _places(part: Part, found: Found, left: int) -> list[dict[str, Any]]:
    """The first rows, counted from 1 in each file, that hold what was found."""
    if not found.which or left <= 0:
        return []
    cell = pl.col(part.name).cast(pl.String)
    some = list(found.which)[:MOST_PLACES]
    numbered = part.rows.select(cell.alias(CELL)).with_row_index(ROW, part.begin)
    told = collected(numbered.filter(pl.col(CELL).is_in(some)).head(left))
    return [
        {
            "column": part.name,
            "file": part.file,
            "row": row,
            "classes": list(found.which[text]),
        }
        for row, text in told.select(ROW, CELL).iter_rows()
    ]


def _scan_rows(rows: Pieces, table: Table, purpose: str, report: Report) -> None:
    """Cells that are published as they came must not hold their own row's name."""
    names = [item.name for item in table.columns if item.semantic_type == "person_name"]
    kept = [
        item.name
        for item in table.columns
        if item.logical_type == "string" and treatment_of(item, purpose) == KEEP
    ]
    if not names or not kept:
        return
    for piece in rows:
        for name, times in (
            collected(piece.select(own_names(kept, names))).to_dict().items()
        ):
            if times.item():
                report.tell(name, Counter({OWN_NAME: times.item()}))


def own_names(kept: Sequence[str], names: Sequence[str]) -> list[pl.Expr]:
    """For each column the rows whose cell holds a name of the same row, however short."""
    return [
        pl.any_horizontal(
            _bare(cell).str.contains(_bare(name), literal=True)
            & (_bare(name).str.len_chars() > 1)
            for name in names
        )
        .sum()
        .alias(cell)
        for cell in kept
    ]


def _bare(name: str) -> pl.Expr:
    """Simplified, without what may stand inside a name."""
    simple = simplified()
    text = pl.col(name).cast(pl.String).str.replace_all(SEPARATORS, "")
    return text.str.replace_many(list(simple), list(simple.values()))
