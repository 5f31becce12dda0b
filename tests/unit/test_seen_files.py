"""What is told of a file from its first rows, and that a file nobody can read tells nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from jobs.context import Job
from jobs.readers.seen_files import seen_file, seen_page
from lake_config.settings import Settings
from lake_config.source_schema import Seen
from quality.drift import drifts
from tests.lib import quality_cases
from tests.lib.gated_batch import DAY

CARDS = quality_cases.table(
    "cards",
    [
        quality_cases.column("no"),
        quality_cases.column("born", "date"),
        quality_cases.column("paid", "number", physical_type="text(12,2)"),
    ],
)
CONTRACT = quality_cases.contract(CARDS)
GOOD = "no,born,paid\n01,1990-01-31,1.50\n02,1991-12-24,20\n"


def seen(settings: Settings, path: Path, form: str, encoding: str = "UTF-8") -> Seen:
    table = replace(CARDS, source={"file": path.name, "format": form})
    server = replace(CONTRACT.servers[0], encoding=encoding)
    return seen_file(Job(settings, CONTRACT, table, DAY), server, path)


def csv_of(settings: Settings, folder: Path, content: str | bytes) -> Seen:
    path = folder / "cards.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return seen(settings, path, "csv")


def test_a_csv_tells_names_layouts_and_digits(
    settings: Settings, tmp_path: Path
) -> None:
    no, born, paid = csv_of(settings, tmp_path, "\ufeff" + GOOD)
    assert (no.name, no.type, no.encoding) == ("no", "text", "UTF-8")
    assert (born.layout, paid.type, paid.scale) == ("yyyy-MM-dd", "number", 2)


@pytest.mark.parametrize(
    "content",
    [
        "no,born,paid\n01,,\n02,,\n",
        "no,born,paid\n",
        GOOD + f'03,"{"x" * 140_000}",1\n',
    ],
)
def test_cells_that_tell_nothing_are_no_drift(
    settings: Settings, tmp_path: Path, content: str
) -> None:
    before = csv_of(settings, tmp_path, GOOD)
    assert drifts(CARDS, before, csv_of(settings, tmp_path, content)) == ()


def test_bytes_that_are_no_text_are_no_drift(
    settings: Settings, tmp_path: Path
) -> None:
    """They are refused as what they are when they are read."""
    path = tmp_path / "cards.parquet"
    texts = [["01", "02"], ["1990-01-31", "1991-12-24"], ["1.50", "20"]]
    pq.write_table(pa.table(texts, names=["no", "born", "paid"]), path)
    before = seen(settings, path, "parquet")
    assert (before[1].layout, before[2].type) == ("yyyy-MM-dd", "number")
    broken = [pa.array([b"\xff\xfe"] * 2).view(pa.string()) for _ in texts]
    pq.write_table(pa.table(broken, names=["no", "born", "paid"]), path)
    assert drifts(CARDS, before, seen(settings, path, "parquet")) == ()


@pytest.mark.parametrize("form", ["parquet", "xlsx", "jsonl"])
def test_what_cannot_be_read_tells_nothing(
    settings: Settings, tmp_path: Path, form: str
) -> None:
    path = tmp_path / f"cards.{form}"
    path.write_bytes("附件见明日重新报送。\n".encode() * 5)
    assert seen(settings, path, form) == ()


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        ('"01" "02" "03"', "text"),
        ('1 2 "Z9"', "number"),
        ('"01" "02" 3', "text"),
        ("null null", ""),
        ("true false", "boolean"),
    ],
)
def test_json_is_what_most_values_are(
    settings: Settings, values: str, kind: str
) -> None:
    rows = ", ".join(f'{{"no": {value}}}' for value in values.split())
    content = f'{{"rows": [{rows}], "units": {{"no": "元"}}}}'
    [no] = seen_page(Job(settings, CONTRACT, CARDS, DAY), content.encode())
    assert (no.type, no.unit) == (kind, "元")


def test_names_inside_a_nested_column_are_not_told(
    settings: Settings, tmp_path: Path
) -> None:
    """A type of Arrow's quotes them, and a name may be anything, also a value."""
    inside = pa.struct([("王小明", pa.list_(pa.struct([("13945551234", pa.int8())])))])
    path = tmp_path / "cards.parquet"
    columns = [("no", inside), ("born", pa.list_(inside)), ("paid", pa.string())]
    pq.write_table(pa.schema(columns).empty_table(), path)
    now = seen(settings, path, "parquet")
    assert [item.type for item in now] == ["struct", "list", ""]
    before = tuple(replace(item, type="text") for item in now)
    found = drifts(CARDS, before, now)
    assert [drift.kind for drift in found] == ["retyped", "retyped"]
    assert "王小明" not in str(found) and "13945551234" not in str(found)
