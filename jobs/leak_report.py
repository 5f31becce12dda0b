"""The leak scan of one staged table, before anything of it may be published.

Looks at cells, and at whatever goes with them: names of files and columns, comments, the
log with its properties and statistics, footers. Says how many, by class and column, and
where the first of them lie; never what. Anything found means that nothing is published.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow.parquet as pq

from jobs.committed_rows import committed_rows, in_pieces, no_cell_told
from jobs.context import Job
from jobs.delta_files import files_added
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

DRAWN = ("id", "location", "sha256")
"""Of a log, or of the list beside the files: random signs read like a number now and then, and
where the staged table lay is not published with it."""

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
            columns = _scan_cells(job, staged, known, report)
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
    if rows and columns:
        values = (
            (kind, collected(distinct(piece, name, kind))[name])
            for piece in rows
            for name, kind in columns.items()
        )
        yield known_values(values, ScanKey.fresh())


def _scan_cells(job: Job, staged: Path, known: list[Known], report: Report) -> int:
    """Of the very files that publication will move; a column of a piece at a time."""
    inside, backwards, formed = Counter[str](), Counter[str](), Counter[str]()
    columns: tuple[str, ...] = ()
    told, total = formed_columns(job), 0
    for file in sorted(files_added(job.store, staged, 0)):
        begin = 1
        for rows in in_pieces(job.store, staged / file):
            types = rows.collect_schema()
            columns = scanned_columns(types)
            for name in columns:
                cells = collected(cells_to_scan(rows, name, types[name]))
                if name in told:
                    formed[name] += known_among(cells, known)
                    continue
                found = found_in(cells, known)
                report.hits += found.cells
                report.tell(name, found.by_class)
                left = MOST_PLACES - len(report.places)
                report.places += _places(rows, name, found, file, begin, left)
                inside[name] += found.inside
                backwards[name] += found.backwards
            begin += collected(rows.select(pl.len())).item()
        total += begin - 1
    for name, times in inside.items():
        if more_than_chance(times, backwards[name]):
            report.tell(name, Counter({MANY_NAMES: times}))
    for name, times in formed.items():
        if times > BY_CHANCE * total:
            report.tell(name, Counter({MANY_NUMBERS: times}))
    return len(columns)


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


def _places(
    rows: pl.LazyFrame, name: str, found: Found, file: str, begin: int, left: int
) -> list[dict[str, Any]]:
    """The first rows, counted from 1 in each file, that hold what was found."""
    if not found.which or left <= 0:
        return []
    cell = pl.col(name).cast(pl.String)
    some = list(found.which)[:MOST_PLACES]
    numbered = rows.select(cell.alias(CELL)).with_row_index(ROW, begin)
    told = collected(numbered.filter(pl.col(CELL).is_in(some)).head(left))
    return [
        {"column": name, "file": file, "row": row, "classes": list(found.which[text])}
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


def texts_beside(
    store: Store, staged: Path, formed: Collection[str] = ()
) -> Iterator[str]:
    """Every text that a reader of the table gets besides its cells; statistics of `formed`
    columns are such cells."""
    for path in store.files(staged):
        yield path.name
        if path.suffix == ".json":
            for line in store.read(path).decode().splitlines():
                yield from _texts(json.loads(line))
        elif path.suffix == ".parquet":
            with store.opened(path) as file:
                yield from _footer(pq.read_metadata(file), formed)


def _footer(metadata: pq.FileMetaData, formed: Collection[str]) -> Iterator[str]:
    yield str(metadata.created_by)
    yield from metadata.schema.names
    for name, value in (metadata.metadata or {}).items():
        yield from (name.decode(), *_texts(value.decode()))
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            facts = column.statistics
            if column.path_in_schema in formed:
                continue
            if facts is not None and facts.has_min_max and isinstance(facts.min, str):
                yield from (facts.min, facts.max)


def _texts(value: Any, name: str = "") -> Iterator[str]:
    """Names and values; a text that is JSON is opened."""
    if isinstance(value, dict):
        for inner, item in value.items():
            yield inner
            yield from _texts(item, inner)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, str):
        yield from _opened(value, name)


def _opened(text: str, name: str) -> Iterator[str]:
    if text[:1] in ("{", "["):
        try:
            yield from _texts(json.loads(text))
            return
        except ValueError:
            pass
    if name not in DRAWN:
        yield text
