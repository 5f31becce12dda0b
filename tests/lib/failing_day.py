"""A day on which every delivery fails, each in its own way, with known people's values in it.

A department that is only a contract hands over one broken file per table. What Spark says
of a cell that it cannot cast is asked for apart, because every reader checks types first.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from lake_config.settings import Settings
from simulation.deliver.gatekeeper import entry, write_manifest
from tests.lib.one_department import CONTRACT, DEPARTMENT, NAMES

Person = dict[str, str]
Rows = list[list[str]]
ENCODING = "gb18030"


def write_contract(folder: Path) -> None:
    """The invented department, with one table for each way to fail."""
    contract = yaml.safe_load(CONTRACT.read_text("utf-8"))
    [table], terms = contract["schema"], contract["slaProperties"]
    contract["schema"] = [_table(table, name) for name in BROKEN]
    contract["slaProperties"] = [
        {**term, "element": name} for name in BROKEN for term in terms
    ]
    folder.mkdir(parents=True, exist_ok=True)
    text = yaml.safe_dump(contract, allow_unicode=True, sort_keys=False)
    (folder / f"{DEPARTMENT}.yaml").write_text(text, "utf-8")


def _table(table: dict[str, Any], name: str) -> dict[str, Any]:
    made = copy.deepcopy(table)
    made |= {"name": name, "businessName": f"{table['businessName']}{name}"}
    kind = BROKEN[name][0]
    own = {"file": f"{name}.{kind}", "format": kind}
    own["resourceCode"] = f"3061400001/{list(BROKEN).index(name) + 1:06d}"
    for item in made["customProperties"]:
        item["value"] = own.get(item["property"], item["value"])
    return made


def hand_over(settings: Settings, people: Sequence[Person], day: date) -> None:
    """Every table's broken file, and a manifest that is right about all but one."""
    drop = settings.home / "sources" / DEPARTMENT / "drop" / day.isoformat()
    drop.mkdir(parents=True, exist_ok=True)
    files = []
    for name, (kind, make, _) in BROKEN.items():
        path = drop / f"{name}.{kind}"
        path.write_bytes(make(_rows(people), people))
        files.append(entry(path, name, len(people)))
    files[list(BROKEN).index("miscounted")]["rows"] = people[0]["name"]
    write_manifest(drop, DEPARTMENT, day, files)


def _rows(people: Sequence[Person]) -> Rows:
    return [
        [
            f"{number:017d}",
            person["identity_number"],
            person["name"],
            "数学",
            "2020-07-01",
        ]
        for number, person in enumerate(people)
    ]


def _csv(rows: Rows, names: Sequence[str] = NAMES) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows([names, *rows])
    return text.getvalue().encode(ENCODING)


def _undecodable(rows: Rows, people: Sequence[Person]) -> bytes:
    """Every name ends in a byte that is none of GB18030."""
    return _csv(rows).replace(",数学".encode(ENCODING), b"\xff,x")


def _torn(rows: Rows, people: Sequence[Person]) -> bytes:
    """A row that ends after its name."""
    return _csv([*rows, rows[0][:3]])


def _unheaded(rows: Rows, people: Sequence[Person]) -> bytes:
    """Where the names of columns belong there is a person."""
    return _csv(rows[1:], rows[0])


def _broken_json(rows: Rows, people: Sequence[Person]) -> bytes:
    """The last object is not closed."""
    lines = [
        json.dumps(dict(zip(NAMES, row, strict=True)), ensure_ascii=False)
        for row in rows
    ]
    return "\n".join([*lines, lines[0][:-20]]).encode(ENCODING)


def _worthless(rows: Rows, people: Sequence[Person]) -> bytes:
    """Identity numbers for certificate numbers, addresses for dates."""
    return _csv(
        [
            [row[1], row[1], row[2], row[3], person["address"]]
            for row, person in zip(rows, people, strict=True)
        ]
    )


def _mislabelled(rows: Rows, people: Sequence[Person]) -> bytes:
    """Mobiles in a column that the contract says is about no person."""
    return _csv(
        [
            [*row[:3], person["mobile"], row[4]]
            for row, person in zip(rows, people, strict=True)
        ]
    )


def _good(rows: Rows, people: Sequence[Person]) -> bytes:
    return _csv(rows)


BROKEN: dict[str, tuple[str, Callable[[Rows, Sequence[Person]], bytes], str]] = {
    "undecodable": ("csv", _undecodable, "DeliveryUndecodable"),
    "torn": ("csv", _torn, "DeliveryUndecodable"),
    "unheaded": ("csv", _unheaded, "SchemaChanged"),
    "broken_json": ("jsonl", _broken_json, "DeliveryUndecodable"),
    "worthless": ("csv", _worthless, "GateFailed"),
    "mislabelled": ("csv", _mislabelled, "LeakFound"),
    "miscounted": ("csv", _good, "DeliveryIncomplete"),
}
"""Table to its file's kind, how the file is made, and the error it must end in."""


CASTS = """
import sys
from pyspark.sql import functions as F
from jobs.session import ENGINE_ERRORS, session
from lake_config.settings import load

frame = session(load(), "collector", "cast").createDataFrame([(sys.argv[1],)], "cell string")
try:
    frame.select(F.col("cell").cast("bigint")).collect()
except ENGINE_ERRORS as error:
    sys.exit(42 if sys.argv[1] in str(error) else 1)
"""
"""A job that meets such a cell; 42 tells that the engine's message did quote it."""
