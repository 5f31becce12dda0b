"""No byte of the shared zone holds a person's value: and the search would find one.

Each kind of value is first planted at each place through the real writers (Spark, and the
publisher), and found; then a zone that was masked as it should be is clean.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import jobs.mask
import jobs.publish
from jobs.mask import mask_batch
from jobs.publish import publish
from lake_config.contract import Contract
from lake_config.settings import Settings
from privacy import policy
from tests.lib.byte_scanner import Truth, scan, truth_of
from tests.lib.gated_batch import (
    INVENTED,
    PEOPLE,
    gated,
    new_lake,
    people,
)
from tests.lib.parquet_pages import pages

COUNT = 60
ROWS = people(COUNT)
COLUMNS = {
    "identity_number": "identity_no",
    "mobile": "mobile",
    "address": "home",
    "person_name": "name",
}
KINDS = {"identity_number", "mobile", "address", "name"}


@pytest.fixture(scope="module")
def truth() -> Truth:
    columns = {
        (kind if kind != "person_name" else "name"): [row[column] for row in ROWS]
        for kind, column in COLUMNS.items()
    }
    return truth_of(pa.table(columns))


def published(settings: Settings, contract: Contract = INVENTED) -> Path:
    """The shared zone after one batch went through mask and publish."""
    new_lake(settings, contract)
    job, before = gated(settings, contract, "people", ROWS)
    publish(job, mask_batch(job, before))
    return settings.layers.shared


def blind(monkeypatch: pytest.MonkeyPatch) -> None:
    """The leak scan, the look at classes and the risk look away: what is planted reaches
    the shared zone."""
    seen = {"cells": 0, "hits": 0, "found": {}, "ok": True}
    monkeypatch.setattr(jobs.mask, "scan_of", lambda *_: seen)
    monkeypatch.setattr(jobs.mask, "decided", lambda *_: None)
    monkeypatch.setattr(jobs.publish, "refuse_if_unconfirmed", lambda *_: None)


def test_a_masked_zone_is_clean_and_so_is_staging(
    settings: Settings, truth: Truth
) -> None:
    zone = published(settings)
    assert list(zone.rglob("*.parquet"))
    assert scan(zone, truth) == set()
    assert scan(settings.layers.staging, truth) == set()
    assert scan(settings.layers.ledger, truth) == set()


def test_raw_holds_everything_and_it_is_found_there(
    settings: Settings, truth: Truth
) -> None:
    published(settings)
    assert {kind for kind, _ in scan(settings.layers.raw, truth)} == KINDS


@pytest.mark.parametrize("kind", COLUMNS)
def test_a_column_the_policy_keeps_is_found_in_every_place_it_reaches(
    settings: Settings,
    truth: Truth,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    line = replace(policy.TABLE[kind], statistics=policy.KEEP)
    monkeypatch.setitem(policy.TABLE, kind, line)
    blind(monkeypatch)
    found = scan(published(settings), truth)
    name = "name" if kind == "person_name" else kind
    assert {item for item, _ in found} == {name}
    places = {place.split(" ", 1)[1] for _, place in found}
    column = COLUMNS[kind]
    assert f"cells {column}" in places and "statistics" in places
    assert f"page values {column}" in places


@pytest.mark.parametrize("kind", ["identity_number", "mobile", "address"])
def test_a_value_inside_a_longer_text_is_found(
    settings: Settings,
    truth: Truth,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    columns = tuple(
        replace(item, semantic_type="not_personal") if item.name == "office" else item
        for item in PEOPLE.columns
    )
    contract = replace(INVENTED, tables=(replace(PEOPLE, columns=columns),))
    rows = people(COUNT)
    rows[7]["office"] = f"经办（{ROWS[9][COLUMNS[kind]]}）登记"
    blind(monkeypatch)
    new_lake(settings, contract)
    job, before = gated(settings, contract, "people", rows)
    publish(job, mask_batch(job, before))
    found = scan(settings.layers.shared, truth)
    assert {item for item, _ in found} == {kind}
    assert any(place.endswith("cells office") for _, place in found)


@pytest.mark.parametrize("kind", COLUMNS)
def test_names_of_columns_comments_and_files_are_searched(
    settings: Settings,
    truth: Truth,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    value = ROWS[3][COLUMNS[kind]]
    columns = tuple(
        replace(item, business_name=value) if item.name == "office" else item
        for item in PEOPLE.columns
    )
    contract = replace(INVENTED, tables=(replace(PEOPLE, columns=columns),))
    blind(monkeypatch)
    zone = published(settings, contract)
    places = {place.split(" ", 1)[1] for _, place in scan(zone, truth)}
    assert "json" in places
    file = next(zone.rglob("*.parquet"))
    file.rename(file.with_name(f"{value}"))
    assert any(place.endswith(" name") for _, place in scan(zone, truth))


@pytest.mark.parametrize("kind", COLUMNS)
def test_partition_folders_log_statistics_old_versions_and_loose_files_are_searched(
    spark: Any, truth: Truth, tmp_path: Path, kind: str
) -> None:
    """security.md L1-L6: what Delta leaves behind, written by Spark itself."""
    value = ROWS[3][COLUMNS[kind]]
    name = "name" if kind == "person_name" else kind
    frame = spark.createDataFrame([(value, 1)], "who string, n bigint")
    frame.write.format("delta").partitionBy("who").save(str(tmp_path / "a"))
    places = {place for item, place in scan(tmp_path / "a", truth) if item == name}
    assert any(place.startswith("who=") and place.endswith("name") for place in places)
    clean = spark.createDataFrame([("x", 1)], "who string, n bigint")
    frame.write.format("delta").save(str(tmp_path / "b"))
    clean.write.format("delta").mode("overwrite").save(str(tmp_path / "b"))
    spark.sql(f"DELETE FROM delta.`{tmp_path / 'b'}` WHERE who = '{value}'")
    found = {place for item, place in scan(tmp_path / "b", truth) if item == name}
    log = "_delta_log/00000000000000000000.json"
    assert any(place.startswith(log) for place in found)
    assert any("cells who" in place for place in found)


def test_an_unused_dictionary_entry_is_found(truth: Truth, tmp_path: Path) -> None:
    """A reader never shows it, but it is in the file."""
    who = pa.DictionaryArray.from_arrays(
        pa.array([0, 0], pa.int32()), pa.array(["x", ROWS[3]["name"]])
    )
    pq.write_table(pa.table({"who": who}), tmp_path / "a.parquet", compression="zstd")
    found = scan(tmp_path, truth)
    assert ("name", "a.parquet page values who") in found
    assert not any("cells" in place for _, place in found)


@pytest.mark.parametrize("codec", ["none", "zstd", "snappy", "gzip"])
@pytest.mark.parametrize("version", ["1.0", "2.0"])
@pytest.mark.parametrize("dictionary", [True, False])
def test_every_packing_of_pages_is_opened(
    truth: Truth, tmp_path: Path, codec: str, version: str, dictionary: bool
) -> None:
    table = pa.table({"a": [row["identity_no"] for row in ROWS], "n": range(COUNT)})
    pq.write_table(
        table, tmp_path / "a.parquet", compression=codec, write_statistics=False,
        data_page_version=version, use_dictionary=dictionary,
    )  # fmt: skip
    kinds = {place.split(" ", 1)[1] for _, place in scan(tmp_path, truth)}
    assert "page a" in kinds
    whole = (tmp_path / "a.parquet").read_bytes()
    for size in (4, len(whole) - 1):
        (tmp_path / "a.parquet").write_bytes(whole[:size])
        kinds = {place.split(" ", 1)[1] for _, place in scan(tmp_path, truth)}
        assert ("page ?" in kinds) == (size > 4), "a killed writer left no footer"


def test_a_file_may_end_anywhere(tmp_path: Path) -> None:
    """Also among the indexes that Spark writes after the pages, which look like headers."""
    file = tmp_path / "a.parquet"
    table = pa.table({"a": [row["identity_no"] for row in ROWS]})
    pq.write_table(table, file, write_page_index=True)
    whole = file.read_bytes()
    number = ROWS[3]["identity_no"].encode()
    found = [
        any(number in page.content for page in pages(whole[:size]))
        for size in range(4, len(whole) + 1)
    ]
    assert found == sorted(found) and found[-1], "once its page is there"


def test_separators_and_other_encodings_do_not_hide_a_value(
    truth: Truth, tmp_path: Path
) -> None:
    number = ROWS[3]["identity_no"]
    pq.write_table(
        pa.table({"a": [f"{number[:6]} {number[6:14]}-{number[14:]}"]}),
        tmp_path / "a.parquet",
    )
    (tmp_path / "b.txt").write_bytes(ROWS[3]["home"].encode("gb18030"))
    (tmp_path / "c.txt").write_bytes(ROWS[3]["home"].encode("utf-16-le"))
    found = scan(tmp_path, truth)
    assert ("identity_number", "a.parquet cells a") in found
    assert ("address", "b.txt bytes gb18030") in found
    assert ("address", "c.txt bytes utf-16-le") in found
