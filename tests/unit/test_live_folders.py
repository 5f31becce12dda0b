"""Tests look through folders of services at work: what goes away meanwhile is no error."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import settings

from tests.lib import live_folders
from tests.lib.byte_scanner import scan, truth_of
from tests.lib.key_search import search
from tests.lib.live_folders import below

NUMBER = "230102199001011234"
TRUTH = truth_of(
    pa.table(
        {"identity_number": [NUMBER], "name": [""], "mobile": [""], "address": [""]}
    )
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("goes", "stays"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "log").write_text(NUMBER)
    return tmp_path


def test_everything_is_found(folder: Path) -> None:
    assert below(folder) == sorted(folder.rglob("*"))


def test_a_folder_may_go_before_it_is_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = os.scandir

    def gone(place: Any) -> Any:
        if str(place).endswith("goes"):
            shutil.rmtree(place)
        return place

    monkeypatch.setattr(os, "scandir", lambda place: whole(gone(place)))
    places = {place.split(" ")[0] for _, place in scan(folder, TRUTH)}
    assert places == {"stays/log"}


def test_a_file_may_go_before_it_is_read(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = below(folder)
    shutil.rmtree(folder / "goes")
    monkeypatch.setattr("tests.lib.byte_scanner.below", lambda _: paths)
    assert {place.split(" ")[0] for _, place in scan(folder, TRUTH)} == {"stays/log"}
    monkeypatch.setattr(Path, "is_file", lambda _: True)
    assert live_folders.content_of(folder / "goes" / "log") is None
    found = search([folder / "goes" / "log", folder / "stays" / "log"], {"k": b"2301"})
    assert found == {("k", str(folder / "stays" / "log"))}


def test_how_long_an_example_took_fails_no_test() -> None:
    assert settings.default.deadline is None
