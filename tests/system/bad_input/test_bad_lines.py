"""C7: the line to a source is cut, slow, lossy, doubling or dead, at any byte.

Nine faults, twenty places each. A step ends with all rows as they are at the source, or
with a failure that is tried again and nothing half landed; no wait is longer than told.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import timedelta

import polars as pl
import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import counting
from audit.verify import verify
from lake_config.settings import load
from tests.lib.bad_servers import addressed, place_at
from tests.lib.bad_sources import Source, hand_over, run
from tests.lib.fault_proxy import TOXICS, Fault, FaultProxy, fault_proxy
from tests.lib.small_lake import DAY
from tests.system.bad_input.conftest import BadLake

PLACES = {"PostgreSQL": 7, "MariaDB": 7, "REST": 6}
"""How many of the twenty are on each transport."""

LONGEST = 60.0
SECONDS = "3"
"""LAKE_SOURCE_SECONDS, so that the test does not take an hour."""

CLEAN = (10, 22, 25, 26)
"""Unavailable, or an answer that could not be made sense of."""


@dataclass
class Line:
    """A source behind a proxy; `whole` is what it answers on each connection."""

    source: Source
    proxy: FaultProxy
    days: Iterator[int]
    whole: tuple[int, ...] = ()

    def landed(self, fault: Fault) -> tuple[Source, int, str, float]:
        source = replace(self.source, day=DAY - timedelta(days=next(self.days)))
        self.proxy.strike(fault)
        began = time.monotonic()
        code, said = run(source, "land")
        return source, code, said, time.monotonic() - began


@pytest.fixture(scope="module")
def lines(bad_lake: BadLake) -> Iterator[dict[str, Line]]:
    """Sixty rows behind each; the number of bytes is seen on a line without fault."""
    with ExitStack() as stack:
        found = {}
        for on in PLACES:
            source = replace(bad_lake.places[on], day=DAY - timedelta(days=999))
            hand_over(source, source.rows().head(60))
            place = source.settings.endpoint(
                source.contract.department, source.server.name
            )
            port = place.get("port") or str(place["location"]).rsplit(":", 1)[1]
            proxy = stack.enter_context(fault_proxy(int(port)))
            stack.enter_context(addressed(source, **place_at(source, proxy.port)))
            line = Line(source, proxy, iter(range(1_000, 2_000)))
            landed, code, said, _ = line.landed(Fault("none"))
            assert code == 0, said
            line.whole = tuple(proxy.told[at] for at in sorted(proxy.told) if at >= 0)
            found[on] = line
        yield found


def faults(kind: str, line: Line, count: int) -> list[Fault]:
    """Spread over the connections and over their bytes; the last hurts every one."""
    places = len(line.whole)
    some = [
        Fault(kind, line.whole[number % places] * number // count, number % places)
        for number in range(count - 1)
    ]
    return [*some, Fault(kind, min(line.whole) // 2)]


def ended(line: Line, fault: Fault) -> str:
    """`finished` or `failed`; anything else is an error of the test."""
    source, code, said, seconds = line.landed(fault)
    assert seconds < LONGEST, (fault, said)
    counts = counting(open_ledger(source.settings), source.batch)
    layers, department = source.settings.layers, source.contract.department
    raw = layers.raw_batch(department, source.table.name, source.day)
    attempts = list(raw.iterdir()) if raw.exists() else []
    if code == 0:
        assert counts is not None
        [attempt] = attempts
        check_rows(line.source, attempt)
        return "finished"
    assert code in CLEAN, (fault, code, said)
    assert "Traceback" not in said and "内部错误" not in said
    assert counts is None and not attempts
    return "failed"


def check_rows(source: Source, attempt: object) -> None:
    """Every cell as it was handed over, compared as text."""
    given = source.rows(source.day)
    landed = pl.from_arrow(DeltaTable(str(attempt)).to_pyarrow_table())
    assert isinstance(landed, pl.DataFrame)
    sides = [
        frame.select(pl.col(given.columns).cast(pl.String)) for frame in (given, landed)
    ]
    assert sorted(map(str, sides[0].rows())) == sorted(map(str, sides[1].rows()))


@pytest.mark.proves("C7", sum(PLACES.values()))
@pytest.mark.parametrize("kind", TOXICS)
def test_it_ends_whole_or_clean(
    lines: dict[str, Line],
    kind: str,
    monkeypatch: pytest.MonkeyPatch,
    seen: Callable[[str], None],
) -> None:
    monkeypatch.setenv("LAKE_SOURCE_SECONDS", SECONDS)

    def played(on: str) -> list[str]:
        line = lines[on]
        return [ended(line, fault) for fault in faults(kind, line, PLACES[on])]

    began = time.monotonic()
    with ThreadPoolExecutor(len(PLACES)) as pool:
        told = dict(zip(PLACES, pool.map(played, PLACES), strict=True))
    outcomes = Counter(word for words in told.values() for word in words)
    assert sum(outcomes.values()) == 20
    assert verify(lines["REST"].source.settings).ok
    seconds = time.monotonic() - began
    seen(
        f"C7 {kind}: {outcomes['finished']} whole, {outcomes['failed']} clean, {seconds:.0f} s",
    )


def test_the_patience_is_a_minute_at_most() -> None:
    assert load({}).source_seconds <= LONGEST
