"""The search finds canaries on every way out, in every encoding; and nothing where none is.

security.md D1: paths and encodings are those of docs/reference/leak_paths.md. A path that
is no file with values in it has its reason there, and a test of its own.
"""

from __future__ import annotations

import shutil
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

CANARIES, PERSONS = 10_000, 12_000
KINDS = ("identity_number", "mobile", "address", "name")
WAITS = "import sys; sys.stdin.read()"
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


def test_canaries_are_found_on_every_way_in_every_encoding(
    values: dict[str, list[str]],
    truth: Truth,
    tmp_path: Path,
    seen: Callable[[str], None],
) -> None:
    found = looked = 0
    for number, path in enumerate(PLANTED):
        for at, encoding in enumerate(ENCODINGS):
            told = person(values, 251 * number + 19 * at)
            for container in path.planted:
                kinds = _kinds(container, encoding, told, truth, tmp_path)
                assert kinds == set(KINDS), (path.name, encoding, container)
                looked += 1
            found += 1
    reasons = len(leak_paths()) - len(PLANTED)
    assert found == len(PLANTED) * len(ENCODINGS)
    seen(
        f"D1: {found} of {found} paths x encodings found ({len(PLANTED)} x "
        f"{len(ENCODINGS)}, {looked} files); {reasons} paths have a reason instead"
    )


def _kinds(
    container: str, encoding: str, told: list[str], truth: Truth, folder: Path
) -> set[str]:
    if container == "process":
        with _process(encoding, told) as number:
            return {kind for kind, _ in scan_process(number, truth)}
    place = folder / "planted"
    place.mkdir()
    CONTAINERS[container](place, encoding, told)
    found = {kind for kind, _ in scan(place, truth)}
    shutil.rmtree(place)
    return found


@contextmanager
def _process(encoding: str, told: list[str]) -> Iterator[int]:
    """A program that was given two values as arguments, and two in its environment."""
    first, second, *rest = (as_text(value, encoding) for value in told)
    given = {f"TOLD_{place}": text for place, text in enumerate(rest)}
    command = [sys.executable, "-c", WAITS, first, second]
    with subprocess.Popen(command, stdin=subprocess.PIPE, env=given) as process:
        yield process.pid
        process.kill()


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
