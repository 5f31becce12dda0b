"""P2, P3 and P7: how fast personal data goes, against the plain way of doing the same.

P2 masks incidents of the police, structured columns and reports, by the contract's columns
and many texts at once; the other side asks Presidio's engine, with the same recognisers,
of each cell. Many texts at once must give the very spans that Presidio gives, and no labelled
value may be left in a text that Presidio's side does not leave there, or there is no result.
P3 masks the reports with names and places by the model; the other side asks recognisers and
model of every row.
P7 makes tokens of the settlements' identity numbers; the other side takes them one by one.
No Spark on either side: what it adds to each would be the same.
"""

from __future__ import annotations

import hmac
import itertools
import re
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
import pyarrow as pa
from presidio_analyzer import AnalyzerEngine

from benchmarks.measure import compare
from benchmarks.risk import lake_of, landed_as, scope_of, settlements
from benchmarks.stage import FIRST_DAY
from jobs.committed_rows import in_pieces
from jobs.published_value import published_value
from lake_config.contract import Column, Table
from lake_config.contract_loader import contract_of
from lake_config.settings import Settings, load
from privacy.keys import key, prepared_mac
from privacy.mask_frame import key_names, mask
from privacy.masked_text import NEAR, TEXT, text_column, without_own_values
from privacy.names import detect
from privacy.names.known import known
from privacy.recognisers.analyzer import analyzer, spans
from privacy.recognisers.many_texts import spans_of
from privacy.recognisers.spans import Span, without_overlaps
from privacy.row_values import without_row_values
from privacy.tokens import LETTERS, TOKEN_BYTES, normalised, tokens
from quality.frames import collected
from simulation.city import clean_rows
from simulation.people import people_of

SEED, PERSONS = 7, 3_760_000
DEPARTMENT, INCIDENTS, REPORT = "public_security", "incidents", "narrative"
LABELLED_NUMBERS = re.compile("身份证(.*?)，电话(.*?)）称在(.*?)附近")
LABELLED = re.compile(f"报警人(.*?)（{LABELLED_NUMBERS.pattern}")
"""Where the simulation writes a name, a number, a telephone and an address into a report."""

P2_GOAL = "30 times Presidio cell by cell (stretch 80), the same values hidden"
P3_GOAL = (
    "10 times recognisers and model on every row (stretch 50), the same values hidden"
)
P7_GOAL = "3 times a token a row (stretch 5)"
PLACEHOLDERS = {
    "person_name": "【姓名】",
    "mobile": "【手机号】",
    "address": "【住址】",
}


def masking(rows: int) -> dict[str, Any]:
    """P2 over `rows` incidents."""
    table, cells, engine = _table(), _incidents(rows), analyzer()
    reports = cells[REPORT].to_list()
    alone = [spans(engine, text) for text in reports]
    if alone != list(spans_of(reports)):
        raise AssertionError("the two sides do not find the same")

    def each() -> None:
        every = (cells[name].drop_nulls() for name in cells.columns)
        for text in itertools.chain(*every):
            written(text, spans(engine, text))

    with lake_of(DEPARTMENT) as settings:
        found = compare(
            "P2", P2_GOAL, rows, each, lambda: _by_columns(cells, table, settings)
        )
    theirs = [written(*pair) for pair in zip(reports, alone, strict=True)]
    numbers = LABELLED_NUMBERS
    return {**found, **compared(reports, theirs, masked_reports(cells, table), numbers)}


def naming(rows: int) -> dict[str, Any]:
    """P3 over `rows` incidents."""
    table, cells, engine = _table(), _incidents(rows), analyzer()
    near = [item for item in table.columns if item.semantic_type in NEAR]

    def each() -> list[str]:
        return [_named(row, near, engine) for row in cells.iter_rows(named=True)]

    def ours() -> pl.DataFrame:
        return cells.select(text_column(table.column(REPORT), table))

    found = compare("P3", P3_GOAL, rows, each, ours, tries=2)
    texts = ours().to_series().to_list()
    left = without_own_values(cells.rename({REPORT: TEXT}), near).to_list()
    read = {written(*pair) for pair in zip(left, spans_of(left), strict=True)}
    return {
        **found,
        "texts the model reads": len(read),
        **compared(cells[REPORT].to_list(), each(), texts),
    }


def _named(row: dict[str, Any], near: list[Column], engine: AnalyzerEngine) -> str:
    """One report by its row's values, the model and the recognisers."""
    text = row[REPORT]
    own = [(item.semantic_type, row[item.name]) for item in near if row[item.name]]
    names = detect.spans(text, known(near=own))
    found = [Span(it.start, it.end, it.kind, it.score) for it in names]
    return written(text, without_overlaps([*found, *spans(engine, text)]))


def compared(
    reports: list[str],
    theirs: list[str],
    ours: list[str],
    labels: re.Pattern[str] = LABELLED,
) -> dict[str, Any]:
    """How many labelled values each side leaves; AssertionError where ours leaves one that
    the other hides."""
    seen = [left_in(labels, *row) for row in zip(reports, theirs, ours, strict=True)]
    if any(more > less for row in seen for less, more in row):
        raise AssertionError("a value that the other side hides is left in a text")
    shown = [sum(column) for column in zip(*itertools.chain(*seen), strict=True)]
    return {
        "labelled values": sum(map(len, seen)),
        "left in the texts": dict(zip(("baseline", "ours"), shown, strict=True)),
    }


def _table() -> Table:
    return contract_of(load().contracts, DEPARTMENT).table(INCIDENTS)


def _by_columns(cells: pl.DataFrame, table: Table, settings: Settings) -> None:
    """The structured columns as the step masks them, and the reports."""
    landed = cells.select(landed_as(item) for item in table.columns)
    scope = scope_of(settings, DEPARTMENT)
    collected(mask(landed.lazy(), table, scope, settings, published_value))
    masked_reports(cells, table)


def masked_reports(cells: pl.DataFrame, table: Table) -> list[str]:
    """Without the row's own values, and then without what the patterns find."""
    own = [item for item in table.columns if item.semantic_type in PLACEHOLDERS]
    texts = cells.select(without_row_values(REPORT, own, PLACEHOLDERS))[REPORT]
    rest = texts.unique(maintain_order=True).to_list()
    pairs = zip(rest, spans_of(rest), strict=True)
    known = {text: written(text, found) for text, found in pairs}
    return [known[text] for text in texts.to_list()]


def written(text: str, found: Iterable[Span]) -> str:
    """The text with each find's class in its place."""
    pieces: list[str] = []
    done = 0
    for span in found:
        pieces += (text[done : span.start], f"【{span.entity}】")
        done = span.end
    return "".join((*pieces, text[done:]))


def left_in(labels: re.Pattern[str], text: str, *masked: str) -> list[tuple[bool, ...]]:
    """Of each labelled value: does it still stand in each of the masked texts?"""
    found = labels.search(text)
    values = found.groups() if found else ()
    return [tuple(value in one for one in masked) for value in values]


def _incidents(rows: int) -> pl.DataFrame:
    contract = contract_of(load().contracts, DEPARTMENT)
    frames: list[pl.DataFrame] = []
    while sum(map(len, frames)) < rows:
        chunk = len(frames)
        people = people_of(SEED, chunk, PERSONS)
        named = {
            table.name: found
            for table, found in clean_rows(contract, people, SEED, chunk, FIRST_DAY)
        }
        frames.append(named[INCIDENTS])
    return pl.concat(frames).head(rows)


def pseudonyms(rows: int) -> dict[str, Any]:
    """P7 over `rows` settlements."""
    with settlements(rows) as (settings, store, file):
        secret, mac = _key(settings)
        read = pl.concat(in_pieces(store, file)).select("identity_number")
        cells = collected(read).to_series().to_arrow()
        made = tokens(cells, mac, "identity_number").to_pylist()
        if made != one_by_one(cells, secret):
            raise AssertionError("the two sides make different tokens")
        return compare(
            "P7",
            P7_GOAL,
            rows,
            lambda: one_by_one(cells, secret),
            lambda: tokens(cells, mac, "identity_number"),
        )


def one_by_one(cells: pa.Array, secret: bytes) -> list[str | None]:
    """What a function of a row would do: the forms that people write, then the MAC."""
    return [cell and _token(cell, secret) for cell in cells.to_pylist()]


def _token(cell: str, secret: bytes) -> str | None:
    """Numbers of 15 digits are left to `normalised`: there are few."""
    text = re.sub("[^0-9A-Za-z]+", "", cell).upper()
    if len(text) == 15 or not cell.isascii():
        text = normalised(pa.array([cell]), "identity_number")[0].as_py() or ""
    digest = hmac.digest(secret, text.encode(), "sm3")[:TOKEN_BYTES]
    return digest.hex().encode().translate(LETTERS).decode() if text else None


def _key(settings: Settings) -> tuple[bytes, Callable[[bytes], bytes]]:
    table = contract_of(settings.contracts, "medical_insurance").table("settlements")
    names = key_names(table, scope_of(settings))
    [name] = [one for one in names if "identity_number" in one]
    secret = key(settings, name)
    return secret, prepared_mac(secret)
