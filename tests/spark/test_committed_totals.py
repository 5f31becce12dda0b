"""What Spark itself commits is read as Spark itself would write it as text."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

from jobs.committed_totals import committed_totals
from jobs.control_totals import ROW_SUM
from jobs.landing import write_once
from tests.lib.committed_files import plain_totals
from tests.lib.local import LOCAL
from tests.lib.quality_cases import column, table

LANDED = {
    "name": "string",
    "times": "bigint",
    "paid": "decimal(5,2)",
    "total": "decimal(12,2)",
    "rate": "decimal(38,10)",
    "born": "date",
    "alive": "boolean",
}
FACTS = table(
    "facts", [column(name, landed_type=kind) for name, kind in LANDED.items()]
)
EVERYTHING = (ROW_SUM, *LANDED)
ROWS = [
    ("𠮷田", 2**63 - 1, "-0.01", "1200", "0.0000000001", date(1582, 10, 10), True),
    ("绥化市", -(2**63), "0", "-0.01", "0", date(1, 1, 1), False),
    ("", 0, "999.99", "9999999999.99", "-1E-7", date(9999, 12, 31), None),
    (None,) * 7,
    (None,) * 7,
]


def decimals(row: tuple[Any, ...]) -> tuple[Any, ...]:
    numbers = (None if cell is None else Decimal(cell) for cell in row[2:5])
    return (*row[:2], *numbers, *row[5:])


def test_texts_are_sparks_own(spark: Any, tmp_path: Path) -> None:
    schema = ", ".join(f"{name} {kind}" for name, kind in LANDED.items())
    frame = spark.createDataFrame([decimals(row) for row in ROWS], schema)
    write_once(frame.repartition(3), str(tmp_path / "attempt"))
    found = committed_totals(LOCAL, tmp_path / "attempt", FACTS, EVERYTHING)
    texts = [f"cast({name} as string)" for name in LANDED]
    said = [tuple(row) for row in frame.selectExpr(*texts).collect()]
    assert found == plain_totals(FACTS, said, EVERYTHING)
