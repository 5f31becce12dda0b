"""A load that was killed at nine tenths reads the last tenth again, and nothing else.

What was read is what PostgreSQL itself says: auto_explain writes into its log how many rows
each statement of the collector gave. Costs about half a minute.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import counting, find
from jobs.context import Job
from jobs.parts import parts_folder
from jobs.redeliver import accept_redelivery
from lake_config.contract import Contract
from lake_config.layers import batch_id
from lake_config.settings import Settings
from tests.lib import changing_sources as made
from tests.lib.changing_sources import DEPARTMENT, PAYMENTS, Source
from tests.lib.forked_job import die_at, ended, nothing

DAY = date(2026, 3, 2)
PARTS, PAGES = 10, 8
READ = re.compile(
    r"Query Text: [^\n]*ctid >= [^\n]*\n\s+Tid Range Scan on payments [^\n]*actual rows=([0-9]+)"
)
EXPLAINED = {
    "session_preload_libraries": "'auto_explain'",
    "auto_explain.log_min_duration": "0",
    "auto_explain.log_analyze": "on",
    "auto_explain.log_timing": "off",
}


@dataclass(frozen=True)
class Lake:
    settings: Settings
    contract: Contract
    source: Source
    folder: Path

    def land(self, day: date, dying_at: str = "", passing: int = 0) -> int:
        about = ["land", "--department", DEPARTMENT, "--table", PAYMENTS]
        given = {
            **os.environ,
            **self.settings.environment,
            "LAKE_PART_PAGES": str(PAGES),
        }
        log = self.folder / "step.log"
        dying = partial(die_at, dying_at, passing=passing) if dying_at else nothing
        code, said = ended([*about, "--date", f"{day}"], given, log, dying)
        sys.stderr.write(said)
        return code

    def rows_given(self) -> int:
        """Rows that the source gave to the collector's reads, in all so far."""
        log = self.settings.layers.logs / "postgresql.log"
        return sum(map(int, READ.findall(log.read_text("utf-8"))))

    def landed(self, day: date) -> tuple[dict[str, Any], list[tuple[str, ...]]]:
        batch = batch_id(DEPARTMENT, PAYMENTS, day)
        ledger = open_ledger(self.settings)
        receipt, done = counting(ledger, batch), find(ledger, "reconciled", batch)
        assert receipt is not None and done is not None and done.ok
        layers, attempt = self.settings.layers, receipt.body["attempt"]
        folder = layers.raw_attempt(DEPARTMENT, PAYMENTS, day, attempt)
        found = DeltaTable(str(folder)).to_pyarrow_table().to_pylist()
        assert len({row["_row"] for row in found}) == len(found)
        columns = made.COLUMNS[PAYMENTS]
        rows = sorted(tuple(str(row[name]) for name in columns) for row in found)
        return receipt.body["load"], rows


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    home = tmp_path_factory.mktemp("resumed")
    with made.served_lake(home) as (settings, contract):
        yield Lake(settings, contract, filled(settings, contract), home)


def filled(settings: Settings, contract: Contract) -> Source:
    """A table of ten parts and a little."""
    source = Source(settings, contract, PAYMENTS)
    source.run("load 'auto_explain'")
    for name, value in EXPLAINED.items():
        source.run(f"alter system set {name} = {value}")
    source.run("select pg_reload_conf()")
    source.run(
        f"insert into {PAYMENTS} select lpad(n::text, 9, '0'), n / 100.0, "  # noqa: S608
        f"'第' || n, date '{DAY}' - n % 900 from generate_series(1, 10000) n"
    )
    return source


def pages(source: Source) -> int:
    [[size]] = source.run(f"select pg_relation_size('{PAYMENTS}') / 8192")
    return int(size)


def test_only_what_was_not_read_is_read_again(
    lake: Lake, seen: Callable[[str], None]
) -> None:
    source = lake.source
    total, parts = len(source.rows()), -(-pages(source) // PAGES)
    assert parts >= PARTS
    last = parts * 9 // 10 + 1
    assert lake.land(DAY, "jobs.landing:write_once", last - 1) == -9
    before = lake.rows_given()
    assert lake.land(DAY) == 0
    again = lake.rows_given() - before
    told, rows = lake.landed(DAY)
    assert rows == source.rows()
    assert (told["parts"], told["kept"]) == (parts, last - 1)
    assert 0 < again <= 2 * total / parts, again
    seen(
        f"resumed load: killed after {last - 1} of {parts} parts ({before} of {total} rows read): "
        f"{again} rows read again"
    )


def test_what_changed_meanwhile_is_read_anew(lake: Lake) -> None:
    """A part that the source would not give again is not kept, however well it was read."""
    source = lake.source
    job = Job(lake.settings, lake.contract, lake.contract.table(PAYMENTS), DAY)
    accept_redelivery(job, "甲", "再来一次")
    assert lake.land(DAY, "jobs.landing:composed") == -9
    source.run(f"update {PAYMENTS} set note = '改' where payment_no = '000000001'")  # noqa: S608
    assert lake.land(DAY, "jobs.context:Job.record") == -9
    source.run(f"delete from {PAYMENTS} where payment_no = '000005000'")  # noqa: S608
    before = lake.rows_given()
    assert lake.land(DAY) == 0
    again = lake.rows_given() - before
    told, rows = lake.landed(DAY)
    assert rows == source.rows()
    # The updated row's old and new places were read by the second try, the deleted one's
    # place by the third.
    assert told["kept"] == told["parts"] - 1
    assert 0 < again <= 2 * len(rows) / told["parts"]
    assert not job.store.holds(parts_folder(job))
