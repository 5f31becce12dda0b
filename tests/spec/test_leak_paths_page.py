"""docs/reference/leak_paths.md is complete, and what it names is there."""

from __future__ import annotations

from lake_config.settings import ROOT
from tests.lib.leak_paths import CONTAINERS, ENCODINGS
from tests.lib.leak_table import leak_paths

PATHS, TIMES = 35, 12


def test_every_path_has_its_line() -> None:
    assert [path.name for path in leak_paths()] == [f"L{n + 1}" for n in range(PATHS)]
    assert len(ENCODINGS) == TIMES


def test_every_path_is_planted_or_says_why_not() -> None:
    used = set()
    for path in leak_paths():
        assert path.watched and path.way, path.name
        assert path.planted or path.tests, path.name
        used |= set(path.planted)
    assert used == set(CONTAINERS) | {"process"}


def test_every_test_the_page_names_is_there() -> None:
    for path in leak_paths():
        for name in path.tests:
            assert (ROOT / name).is_file(), (path.name, name)
