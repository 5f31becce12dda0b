"""XLSX cells as text, read in a process of its own.

A workbook comes from outside, and its parser takes it at its word: one stray cell in the
last column makes it ask for half a terabyte, which would end the whole job. Run as a
program, this file imports nothing of ours.
"""

from __future__ import annotations

import json
import re
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree
from zipfile import ZipFile

import pyarrow as pa
import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

MOST_MEMORY = 8 << 30
MOST_SECONDS = 1_800
BOMB_BYTES, BOMB_RATIO = 64 << 20, 200
"""A part of so many bytes or more, packed so tightly, is no sheet that people filled in."""

LONG_NUMBER = 10**15
"""A sheet keeps fifteen digits of a number: what a longer one was, nobody can tell."""

ERROR_CELL = re.compile(rb"""<(?:\w+:)?c\b([^>]*\bt=["']e["'][^>]*)>""")
CELL_PLACE = re.compile(rb"""\br=["']([A-Z]+)""")
NOWHERE = -1
FIRST_ROWS = 1_000
NUMBERS = {b"cells": b"number"}
"""Of a column of the texts: in the workbook they are numbers."""


def as_text(
    workbook: Path, text: Path, moments: Iterable[str]
) -> dict[str, dict[int, int]] | None:
    """Write the first sheet's cells to a Parquet file; None when they cannot be read.

    `moments` are columns of points in time. Says how many cells of which column (from 0)
    do not hold what was meant: `long_numbers` and `errors`.
    """
    command = [sys.executable, "-I", __file__, str(workbook), str(text)]
    try:
        run = subprocess.run(
            [*command, json.dumps(list(moments))],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=MOST_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return None
    if run.returncode:
        return None
    said = json.loads(run.stdout)
    return {
        kind: {int(place): number for place, number in cells.items()}
        for kind, cells in said.items()
    }


def cell_text(value: Any, moment: bool = False) -> str | None:
    """What a person sees in the cell; an empty cell is null.

    The parser gives a time at midnight as a mere date.
    """
    if value is None or value == "":
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    if isinstance(value, date):
        return f"{value} 00:00:00" if moment else f"{value}"
    return str(value)


def long_numbers(rows: list[list[Any]]) -> Counter[int]:
    """How many numbers of each column are too long to be sure of."""
    return Counter(
        place
        for row in rows
        for place, cell in enumerate(row)
        if isinstance(cell, int | float) and abs(cell) >= LONG_NUMBER
    )


def mostly_numbers(rows: list[list[Any]], place: int) -> bool:
    """Whether the first cells of a column are numbers, and not texts of digits."""
    cells = [row[place] for row in rows[:FIRST_ROWS] if row[place] not in (None, "")]
    numbers = [cell for cell in cells if type(cell) in (int, float)]
    return 2 * len(numbers) > len(cells)


def is_bomb(workbook: str) -> bool:
    """Does a part say that it grows beyond reason when it is unpacked?"""
    with ZipFile(workbook) as archive:
        return any(
            part.file_size >= BOMB_BYTES
            and part.file_size > BOMB_RATIO * part.compress_size
            for part in archive.infolist()
        )


def error_cells(workbook: str) -> Counter[int]:
    """How many cells of each column show #N/A and the like, which the parser calls empty."""
    with ZipFile(workbook) as archive:
        content = archive.read(_first_sheet(archive))
    return Counter(map(_place, ERROR_CELL.findall(content)))


def _first_sheet(archive: ZipFile) -> str:
    """The name of its part in the archive."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 (above)
    sheet = next(item for item in book.iter() if item.tag.endswith("}sheet"))
    [link] = [value for key, value in sheet.items() if key.endswith("}id")]
    parts = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    target = next(item.get("Target", "") for item in parts if item.get("Id") == link)
    return target.lstrip("/") if target.startswith("/") else f"xl/{target}"


def _place(attributes: bytes) -> int:
    """`AB` of `AB7` as a number from 0."""
    found = CELL_PLACE.search(attributes)
    place = 0
    for letter in found[1] if found else b"":
        place = place * 26 + letter - ord("A") + 1
    return place - 1 if found else NOWHERE


def main(workbook: str, text: str, moments: str) -> None:
    """Ends with a traceback, or dies, where the workbook cannot be read."""
    resource.setrlimit(resource.RLIMIT_AS, (MOST_MEMORY, MOST_MEMORY))
    if is_bomb(workbook):
        sys.exit(1)
    sheet = CalamineWorkbook.from_path(workbook).get_sheet_by_index(0)
    names, *rows = sheet.to_python(skip_empty_area=False) or [[]]
    of_time = [str(name) in json.loads(moments) for name in names]
    columns = [
        pa.array([cell_text(row[place], moment) for row in rows], pa.string())
        for place, moment in enumerate(of_time)
    ]
    kinds = [
        NUMBERS if mostly_numbers(rows, place) else None
        for place, _ in enumerate(names)
    ]
    fields = [
        pa.field(str(name), pa.string(), metadata=kind)
        for name, kind in zip(names, kinds, strict=True)
    ]
    pq.write_table(pa.table(columns, schema=pa.schema(fields)), text)
    said = {"long_numbers": long_numbers(rows), "errors": error_cells(workbook)}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    main(*sys.argv[1:])
