"""C5: a batch that was collected comes again with other content: refused, and told.

Four formats, five ways. What was collected stays, and so does what was published.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from audit.ledger import open_ledger
from audit.receipts import counting
from tests.lib import bad_files as files
from tests.lib.bad_sources import FILES, Source, Way, delivered, hand_over, run
from tests.lib.refusals import Published, check_refusal
from tests.lib.small_lake import DAY
from tests.system.bad_input.conftest import BadLake

CHANGED = 23


def another_digest(content: dict[str, object]) -> dict[str, object]:
    [line] = content["files"]  # type: ignore[misc]
    line["sm3"] = line["sm3"][::-1]  # type: ignore[index]
    return content


WAYS: dict[str, Way] = {
    "more bytes": files.sealed(files.one_byte_more),
    "fewer rows": delivered(lambda rows: rows.head(rows.height - 1)),
    "other rows": delivered(pl.DataFrame.reverse),
    "other bytes behind an old manifest": files.torn(files.half),
    "another manifest over old bytes": files.manifest(another_digest),
}


@pytest.fixture(scope="module")
def collected(bad_lake: BadLake) -> dict[str, Source]:
    """A batch per format that counts already."""
    found = {}
    for number, on in enumerate(FILES):
        source = replace(bad_lake.places[on], day=DAY - timedelta(days=400 + number))
        hand_over(source)
        assert run(source, "land")[0] == 0
        found[on] = source
    return found


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


@pytest.mark.proves("C5")
@pytest.mark.parametrize("on", FILES)
@pytest.mark.parametrize("way", WAYS)
def test_other_content_is_never_skipped(
    collected: dict[str, Source], way: str, on: str
) -> None:
    source = collected[on]
    layers, department = source.settings.layers, source.contract.department
    raw = layers.raw_batch(department, source.table.name, source.day)
    kept, before, drop = content(raw), Published.of(source), content(files.drop(source))
    with WAYS[way](source):
        code, said = run(source, "land")
    check_refusal(source, before, "land", CHANGED, code, said)
    new = list(open_ledger(source.settings).events())[before.events :]
    assert [event.kind for event in new] == ["failed", "alert"]
    assert content(raw) == kept
    assert counting(open_ledger(source.settings), source.batch) is not None
    for path, good in drop.items():
        Path(path).write_bytes(good)
    assert run(source, "land")[0] == 99, "the same content again is nothing to do"
