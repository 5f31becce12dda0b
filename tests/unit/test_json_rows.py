"""Rows that come as JSON: exact keys in every row, and every value as it came."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pyarrow.parquet as pq
import pytest

from jobs.context import Job
from jobs.readers import files, rest
from jobs.readers.json_rows import ROWS_AT_ONCE, land_rows
from lake_config.errors import (
    DeliveryIncomplete,
    DeliveryUndecodable,
    LakeError,
    SchemaChanged,
)
from lake_config.settings import Settings
from tests.lib import quality_cases
from tests.lib.gated_batch import DAY

CARDS = quality_cases.table(
    "cards",
    [quality_cases.column(name) for name in ("no", "owner")],
    source={"path": "/v1/cards"},
)
CONTRACT = quality_cases.contract(CARDS)
GOOD = '{"no": "1", "owner": "赵"}'
BAD_ROWS = {
    "renamed": '{"no": "2", "owner_name": "钱"}',
    "one key more": '{"no": "2", "owner": "钱", "note": ""}',
    "one key less": '{"no": "2"}',
    "a key twice": '{"no": "2", "owner": "钱", "no": "3"}',
    "twice inside": '{"no": "2", "owner": {"a": 1, "a": 2}}',
}
VALUES = {
    "1234567890123456.78": "1234567890123456.78",
    "12345678901234567890.10": "12345678901234567890.10",
    "6222021234567890123": "6222021234567890123",
    "0.1e3": "0.1e3",
    "-0": "-0",
    "1.50": "1.50",
    "true": "true",
    "null": None,
    '""': "",
    '"0012"': "0012",
    '"x\\"y\\u8d75"': 'x"y赵',
    '{"额": [1.10, "1.10", null]}': '{"额": [1.10, "1.10", null]}',
    '{"a": {"b": true}, "c": []}': '{"a": {"b": true}, "c": []}',
}
"""JSON to the text that lands."""

NO_ROWS = (
    "[]",
    "7",
    "null",
    '{"no": "2"',
    '{"no": NaN, "owner": ""}',
    "[" * 99_999,
    GOOD * 2,
    GOOD + ",",
)


@pytest.fixture
def job(settings: Settings) -> Job:
    return Job(settings, CONTRACT, CARDS, DAY)


def lines_of(
    job: Job, folder: Path, *lines: str, encoding: str = "UTF-8"
) -> list[dict[str, Any]]:
    """The rows that land from a file of these lines."""
    path = folder / "cards.jsonl"
    path.write_text("\n".join(lines) + "\n", encoding)
    server = replace(CONTRACT.servers[0], encoding=encoding)
    text = folder / "t"
    land_rows(job, files._lines(job, server, path), text)
    return pq.read_table(text).to_pylist()


@pytest.mark.parametrize("encoding", ["UTF-8", "GB18030"])
def test_good_lines_pass_also_blank_ones(
    job: Job, tmp_path: Path, encoding: str
) -> None:
    rows = lines_of(job, tmp_path, GOOD, "", "  ", GOOD, encoding=encoding)
    assert len(rows) == 2 and rows[0] == rows[1]


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_a_later_line_with_other_keys_is_refused(
    job: Job, tmp_path: Path, bad: str
) -> None:
    with pytest.raises(SchemaChanged) as refusal:
        lines_of(job, tmp_path, GOOD, GOOD, BAD_ROWS[bad], GOOD)
    assert "owner_name" not in str(refusal.value) and "钱" not in str(refusal.value)


@pytest.mark.parametrize("text", NO_ROWS)
def test_a_line_that_is_no_object_is_told_by_number(
    job: Job, tmp_path: Path, text: str
) -> None:
    with pytest.raises(DeliveryUndecodable, match="第 2 行"):
        lines_of(job, tmp_path, GOOD, text)


def test_a_cell_nested_too_deep_is_a_refusal(job: Job, tmp_path: Path) -> None:
    """Deep enough for us, and not for the parser."""
    row = '{"no": ' + "[" * 500 + "]" * 500 + ', "owner": ""}'
    with pytest.raises(DeliveryUndecodable, match="嵌套过深"):
        lines_of(job, tmp_path, GOOD, row)
    with pytest.raises(DeliveryUndecodable, match="嵌套过深"):
        fetched(job, tmp_path, page(row, total=1))


def fetched(job: Job, folder: Path, *pages: bytes) -> list[dict[str, Any]]:
    """The rows that land when a service answers with these pages, one after the other."""
    answers = iter(pages)
    transport = httpx.MockTransport(
        lambda request: httpx.Response(200, content=next(answers))
    )
    text = folder / "t"
    with httpx.Client(base_url="http://service", transport=transport) as http:
        given = rest._pages(job, CONTRACT.servers[0], http, 2, folder)
        land_rows(job, rest._rows(job, given), text)
    return pq.read_table(text).to_pylist()


def page(*rows: str, total: Any, after: Any = None) -> bytes:
    ends = json.dumps({"total": total, "next_cursor": after})[1:]
    return f'{{"rows": [{", ".join(rows)}], {ends}'.encode()


def test_every_value_lands_as_the_text_that_came(job: Job, tmp_path: Path) -> None:
    rows = [f'{{"no": {value}, "owner": ""}}' for value in VALUES]
    wanted = list(VALUES.values())
    served = fetched(job, tmp_path, page(*rows, total=len(rows)))
    assert [row["no"] for row in served] == wanted
    for encoding in ("UTF-8", "GB18030"):
        found = lines_of(job, tmp_path, *rows, encoding=encoding)
        assert [row["no"] for row in found] == wanted


def test_pages_are_kept_byte_for_byte(job: Job, tmp_path: Path) -> None:
    pages = (page(GOOD, GOOD, total=3, after=2), page(GOOD, total=3))
    assert len(fetched(job, tmp_path, *pages)) == 3
    kept = sorted(tmp_path.glob("page-*.json"))
    assert tuple(path.read_bytes() for path in kept) == pages


@pytest.mark.parametrize("bad", BAD_ROWS)
def test_a_later_row_of_a_service_with_other_keys_is_refused(
    job: Job, tmp_path: Path, bad: str
) -> None:
    pages = (page(GOOD, total=2, after="x"), page(BAD_ROWS[bad], total=2))
    with pytest.raises(SchemaChanged):
        fetched(job, tmp_path, *pages)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (page(GOOD, total=2), DeliveryIncomplete),
        (page(GOOD, GOOD, total=1), DeliveryIncomplete),
        (page(GOOD, total="1"), DeliveryIncomplete),
        (page(GOOD, total=1.0), DeliveryIncomplete),
        (page(GOOD, total=True), DeliveryIncomplete),
        (
            b'{"rows": [], "total": ' + b"9" * 5_000 + b', "next_cursor": null}',
            DeliveryIncomplete,
        ),
        (page("7", total=1), DeliveryIncomplete),
        (page(GOOD, total=1, after=""), DeliveryIncomplete),
        (page(GOOD, total=1, after="\ud83d"), DeliveryIncomplete),
        (b"<html>", DeliveryIncomplete),
        (b"7", DeliveryIncomplete),
        (page(GOOD, total=1).replace("赵".encode(), b"\xd5\xd4"), DeliveryUndecodable),
    ],
)
def test_a_misformed_page_is_refused(
    job: Job, tmp_path: Path, answer: bytes, error: type[LakeError]
) -> None:
    with pytest.raises(error):
        fetched(job, tmp_path, answer)


def test_a_page_that_comes_twice_for_another_is_refused(
    job: Job, tmp_path: Path
) -> None:
    """The service's total is right all the same: as many rows are doubled as are lost.
    Rows without a key may rightly be the same."""
    rows = [f'{{"no": "{number}", "owner": "赵"}}' for number in range(6)]
    first, second, third = rows[:2], rows[2:4], rows[4:]
    whole = [
        page(*first, total=6, after="a"),
        page(*second, total=6, after="b"),
        page(*third, total=6),
    ]
    columns = (replace(CARDS.columns[0], primary_key=True), CARDS.columns[1])
    keyed = replace(job, table=replace(CARDS, columns=columns))
    assert len(fetched(keyed, tmp_path, *whole)) == 6
    twice = [*whole[:1], page(*first, total=6, after="b"), whole[2]]
    with pytest.raises(DeliveryIncomplete, match="重复"):
        fetched(keyed, tmp_path, *twice)
    assert len(fetched(job, tmp_path, *twice)) == 6


def test_half_a_character_is_marked(job: Job, tmp_path: Path) -> None:
    row = r'{"no": null, "owner": "赵\ud83d"}'
    marked = {"no": None, "owner": "赵\ufffd"}
    assert fetched(job, tmp_path, page(row, total=1)) == [marked]
    assert lines_of(job, tmp_path, row) == [marked]


def test_bytes_of_another_encoding_are_marked(job: Job, tmp_path: Path) -> None:
    path = tmp_path / "cards.jsonl"
    path.write_bytes(GOOD.encode("GB18030"))
    server = replace(CONTRACT.servers[0], encoding="UTF-8")
    [row] = files._lines(job, server, path)
    assert "\ufffd" in row["owner"]


def test_more_rows_than_are_written_at_once(job: Job, tmp_path: Path) -> None:
    found = lines_of(job, tmp_path, *[GOOD] * (ROWS_AT_ONCE + 1))
    assert len(found) == ROWS_AT_ONCE + 1
