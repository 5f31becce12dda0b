"""The demo's own search for true values: finds each kind, and counts what it looked at."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from lake_config.layers import Layers
from ops.demo_check import texts_with_a_name, true_values_in
from storage.local_folders import LocalFolders

PERSON = {
    "identity_number": "23120219900307001X",
    "mobile": "13812345678",
    "address": "黑龙江省绥化市北林区东林街道12号",
    "name": "王伟",
}
CLEAN = ["ghijklmnopqrstuvghijklmnopqrstuv", "北林区", "2026-03-02", None]


def looked_at(tmp_path: Path, cell: str | float) -> tuple[int, int]:
    """A shared zone of one table with one more cell, and a truth of one person."""
    truth, table = tmp_path / "truth", tmp_path / "shared" / "t"
    truth.mkdir()
    (table / "_delta_log").mkdir(parents=True)
    pl.DataFrame([PERSON]).write_parquet(truth / "people.parquet")
    frame = pl.DataFrame({"a": CLEAN, "b": [cell] * len(CLEAN)})
    frame.write_parquet(table / "part-a.parquet")
    return true_values_in(LocalFolders(Layers(tmp_path)), [tmp_path / "shared"], truth)


@pytest.mark.parametrize("cell", ["13812345679", "王伟民", "其他", 1381234567, 13.5])
def test_other_peoples_values_and_parts_of_words_are_nobody_s(
    tmp_path: Path, cell: str | float
) -> None:
    assert looked_at(tmp_path, cell) == (8, 0)


@pytest.mark.parametrize("value", PERSON.values())
def test_every_kind_of_value_is_found(tmp_path: Path, value: str) -> None:
    assert looked_at(tmp_path, value) == (8, 1)


@pytest.mark.parametrize(
    "cell", [13812345678, f"电话{PERSON['mobile']}", f"住{PERSON['address']}旁"]
)
def test_numbers_and_longer_texts_are_searched(
    tmp_path: Path, cell: str | float
) -> None:
    assert looked_at(tmp_path, cell) == (8, 1)


def test_the_logs_are_searched(tmp_path: Path) -> None:
    log = tmp_path / "shared" / "t" / "_delta_log" / "0.json"
    assert looked_at(tmp_path, "x") == (8, 0)
    log.write_text('{"add": {"stats": "{\\"max\\": \\"王伟\\"}"}}', "utf-8")
    local = LocalFolders(Layers(tmp_path))
    found = true_values_in(local, [tmp_path / "shared"], tmp_path / "truth")
    assert found == (8, 1)


def test_names_are_looked_for_inside_texts(tmp_path: Path) -> None:
    pl.DataFrame([PERSON]).write_parquet(tmp_path / "people.parquet")
    texts = ["与王伟争吵", "王伟", "与【姓名】争吵", "王某伟", ""]
    assert texts_with_a_name(texts, tmp_path) == 2
