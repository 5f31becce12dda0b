"""The search finds canaries on every way out, in every encoding; and nothing where none is.

security.md D1: paths and encodings are those of docs/reference/leak_paths.md. A path that
is no file with values in it has its reason there, and a test of its own.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from simulation.canaries import with_canaries
from simulation.people import people_of
from tests.lib.byte_scanner import Truth, scan, scan_process
from tests.lib.leak_paths import CONTAINERS, ENCODINGS, as_text
from tests.lib.leak_table import leak_paths
from tests.lib.readings import WAYS

CANARIES, PERSONS = 10_000, 12_000
KINDS = ("identity_number", "mobile", "address", "name")
PROCESS = "process"
WAITS = "import sys; print(flush=True); sys.stdin.read()"
PLANTED = [path for path in leak_paths() if path.planted]


@pytest.fixture(scope="module")
def values() -> dict[str, list[str]]:
    people = with_canaries(people_of(7, 0, PERSONS), CANARIES)
    return {
        "identity_number": people.identity_number.tolist()[:CANARIES],
        "mobile": people.mobile.tolist()[:CANARIES],
        "address": people.address.tolist()[:CANARIES],
        "name": people.name.tolist()[:CANARIES],
    }


@pytest.fixture(scope="module")
def truth(values: dict[str, list[str]]) -> Truth:
    return Truth(*(frozenset(values[kind]) for kind in KINDS))


def person(values: dict[str, list[str]], number: int) -> list[str]:
    return [values[kind][number] for kind in KINDS]


def test_canaries_are_alone_of_their_kind(values: dict[str, list[str]]) -> None:
    for kind in KINDS:
        assert len(set(values[kind])) == CANARIES, kind


@pytest.fixture(scope="module")
def blind(
    values: dict[str, list[str]], truth: Truth, tmp_path_factory: pytest.TempPathFactory
) -> dict[tuple[str, str], set[str]]:
    """(container, encoding) to the kinds that were planted and not found."""
    ways = [(one, other) for one in (*CONTAINERS, PROCESS) for other in ENCODINGS]
    missed = {}
    for number, (container, encoding) in enumerate(ways):
        told = [values[kind][61 * number] for kind in KINDS]
        place = tmp_path_factory.mktemp("planted")
        missed[container, encoding] = set(KINDS) - _kinds(
            container, encoding, told, truth, place
        )
    return missed


def test_canaries_are_found_on_every_way_in_every_encoding(
    blind: dict[tuple[str, str], set[str]], seen: Callable[[str], None]
) -> None:
    cells = [
        (path.name, encoding, container)
        for path in PLANTED
        for encoding in ENCODINGS
        for container in path.planted
    ]
    missed = [cell for cell in cells if blind[cell[2], cell[1]]]
    assert missed == []
    paths = {cell[:2] for cell in cells}
    assert len(paths) == len(PLANTED) * len(ENCODINGS)
    others = len(leak_paths()) - len(PLANTED)
    seen(
        f"D1: {len(paths)} of {len(paths)} paths x encodings found ({len(PLANTED)} x "
        f"{len(ENCODINGS)}), in {len(blind)} containers x encodings; {others} paths "
        "have a reason instead"
    )


def _kinds(
    container: str, encoding: str, told: list[str], truth: Truth, place: Path
) -> set[str]:
    if container == PROCESS:
        with _process(encoding, told) as number:
            return {kind for kind, _ in scan_process(number, truth)}
    CONTAINERS[container](place, encoding, told)
    return {kind for kind, _ in scan(place, truth)}


@contextmanager
def _process(encoding: str, told: list[str]) -> Iterator[int]:
    """A program that was given two values as arguments, and two in its environment."""
    first, second, *rest = (as_text(value, encoding) for value in told)
    given = {f"TOLD_{place}": text for place, text in enumerate(rest)}
    command = [sys.executable, "-c", WAITS, first, second]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    with subprocess.Popen(command, env=given, **pipes) as process:
        assert process.stdout is not None and process.stdout.readline()
        yield process.pid
        process.kill()


@pytest.mark.parametrize("way", ["base64", "hex", "gzip", "zstd", "snappy"])
def test_a_search_that_cannot_open_something_is_seen(
    values: dict[str, list[str]],
    truth: Truth,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    way: str,
) -> None:
    monkeypatch.delitem(WAYS, way)
    told = [values[kind][5] for kind in KINDS]
    found = _kinds("lines", way, told, truth, tmp_path)
    assert not found & {"identity_number", "address"}, "short values may lie open"


@pytest.mark.parametrize("container", CONTAINERS)
def test_nothing_is_found_where_nobody_was_planted(
    values: dict[str, list[str]], truth: Truth, tmp_path: Path, container: str
) -> None:
    """People of the same city, built of the same parts, who are none of those sought."""
    others = with_canaries(people_of(8, 0, PERSONS), 0)
    told = [str(getattr(others, kind)[77]) for kind in KINDS]
    for encoding in ENCODINGS:
        place = tmp_path / encoding
        place.mkdir()
        CONTAINERS[container](place, encoding, told)
        assert scan(place, truth) == set(), encoding
