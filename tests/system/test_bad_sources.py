"""Every way a source can be bad, on every transport: refused clearly, and nothing moved.

The source is real each time. A refusal has its exit code, a message that names the batch
and quotes no cell, and a `failed` event; what was published stays byte for byte.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

import polars as pl
import pytest

from ops.processes import stop
from tests.lib import bad_files as files
from tests.lib import bad_servers as servers
from tests.lib import bad_sources as bad
from tests.lib.bad_sources import Source, Way, delivered, hand_over, run
from tests.lib.refusals import Published, check_refusal
from tests.lib.small_lake import DAY, lake

PLACES = {
    "PostgreSQL": ("medical_insurance", "insured_persons"),
    "MariaDB": ("human_resources", "job_seekers"),
    "CSV": ("civil_affairs", "marriage_registrations"),
    "XLSX": ("transport", "vehicle_certificates"),
    "JSON lines": ("public_security", "incidents"),
    "Parquet": ("transport", "etc_passages"),
    "REST": ("transport", "coach_tickets"),
}
NUMBERS = {"PostgreSQL numbers": ("medical_insurance", "institutions")}
"""Not published; the other table of PostgreSQL has no column but text."""

POSTGRES, MARIADB, REST = ("PostgreSQL",), ("MariaDB",), ("REST",)
CSV, XLSX, JSONL, PARQUET = ("CSV",), ("XLSX",), ("JSON lines",), ("Parquet",)
DATABASES, FILES = POSTGRES + MARIADB, CSV + XLSX + JSONL + PARQUET
ALL = DATABASES + FILES + REST


@dataclass(frozen=True)
class Case:
    """A way to be bad, the exit code it ends in, the transports it is played on."""

    what: str
    way: Way
    code: int
    on: tuple[str, ...]
    step: str = "land"


NO_LOGIN = {
    "PostgreSQL": servers.administered(
        'alter role "{user}" nologin', 'alter role "{user}" login'
    ),
    "MariaDB": servers.administered("alter user '{user}'@'127.0.0.1' account lock"),
}
EXPIRED = {
    "PostgreSQL": servers.administered(
        "alter role \"{user}\" valid until '2020-01-01'",
        "alter role \"{user}\" valid until 'infinity'",
    ),
    "MariaDB": servers.administered("alter user '{user}'@'127.0.0.1' password expire"),
}
CASES = (
    # Down, gone, or breaking off.
    Case("closed port", servers.closed_port, 10, DATABASES + REST),
    Case("silent port", servers.silent_port, 10, MARIADB),
    Case("dies before the rows", servers.dies_while_read, 10, DATABASES),
    Case("no drop", files.nothing_yet, 10, CSV),
    Case("no manifest", files.manifest(lambda _: None), 10, FILES),
    Case("dies in a page", servers.misbehaving(1, die=1), 10, REST),
    Case("fails on and on", servers.misbehaving(1, fail=99), 10, REST),
    Case("total drifts", servers.misbehaving(1, drift=1), 10, REST),
    # Not letting us in.
    Case("wrong password", servers.wrong_password, 11, DATABASES + REST),
    Case("no password file", servers.no_password, 3, POSTGRES),
    *(Case("no login", way, 11, (on,)) for on, way in NO_LOGIN.items()),
    *(Case("password expired", way, 11, (on,)) for on, way in EXPIRED.items()),
    Case("token never accepted", servers.misbehaving(1, expire=99), 11, REST),
    Case("forbidden", servers.misbehaving(1, forbid=1), 11, REST),
    Case("authorisation lapsed", servers.lapsed_authorisation, 12, JSONL),
    # Nothing, or a tenth.
    Case("no rows", delivered(pl.DataFrame.clear), 20, ALL),
    Case("no bytes", files.sealed(files.no_bytes), 20, FILES),
    Case("a tenth", delivered(bad.tenth), 21, ALL, step="gate"),
    # Other columns.
    Case("column renamed", delivered(bad.renamed), 22, ALL),
    Case("column added", delivered(bad.added), 22, ALL),
    Case("column dropped", delivered(bad.dropped), 22, ALL),
    Case("renamed halfway", files.sealed(files.renamed_halfway("address")), 22, JSONL),
    Case("renamed halfway", servers.served(files.renamed_halfway("mobile")), 22, REST),
    Case("no header", delivered(bad.headless), 22, CSV + XLSX),
    Case("text", bad.as_text("bed_count", " 张床位"), 22, tuple(NUMBERS)),
    Case("text", bad.as_text("expected_wage", "元一个月"), 22, MARIADB),
    Case("table gone", servers.administered("drop table {table}"), 22, DATABASES),
    Case("table gone", servers.gone_from_service, 22, REST),
    # Not the bytes that were promised.
    Case("other digest", files.torn(files.one_byte_more), 23, FILES),
    Case("cut on the way", files.torn(files.half), 23, FILES),
    Case("more rows promised", files.sealed(bytes, more_rows=5), 24, FILES),
    # Not readable.
    Case("cut before sealing", files.sealed(files.half), 25, XLSX + JSONL + PARQUET),
    Case("prose", files.sealed(files.prose), 25, XLSX + JSONL + PARQUET),
    Case("UTF-8 for GB18030", delivered(pl.DataFrame.clone, "utf-8"), 25, CSV),
    Case("GB18030 for UTF-8", delivered(pl.DataFrame.clone, "gb18030"), 25, JSONL),
    Case("a cell lacking", files.sealed(files.line_without_a_cell), 25, CSV),
    Case("broken line", files.sealed(files.last_line_cut), 25, JSONL),
    Case("undecodable", files.sealed(files.undecodable_sheet), 25, XLSX),
    Case("cell far away", files.sealed(files.far_away_cell), 25, XLSX),
    Case("undecodable", files.sealed(files.undecodable_parquet), 25, PARQUET),
    Case("undecodable", servers.misbehaving(1, garble=1), 25, REST),
    Case("half characters", servers.misbehaving(1, halve=99), 25, REST),
    # Not complete, or not as agreed.
    Case("another day's", files.manifest(files.yesterdays), 26, CSV),
    Case("manifest torn", files.manifest(lambda _: '{"department": "'), 26, CSV),
    Case("not in the manifest", files.manifest(files.without_files), 26, CSV),
    Case("no digest", files.manifest(files.without_digest), 26, CSV),
    Case("file missing", files.file_missing, 26, FILES),
    Case("link", files.link_elsewhere, 26, CSV),
    Case("page skipped", servers.misbehaving(1, skip=1), 26, REST),
    Case("page repeated", servers.misbehaving(1, repeat=1), 26, REST),
    Case("pages without end", servers.misbehaving(1, stall=99_999), 26, REST),
    Case("apology", servers.misbehaving(1, apologise=1), 26, REST),
    Case("apology for a token", servers.misbehaving(apologise=1), 26, REST),
)
MENDED = {
    ("closed port", "PostgreSQL"),
    ("dies before the rows", "MariaDB"),
    ("no drop", "CSV"),
    ("other digest", "XLSX"),
    ("broken line", "JSON lines"),
    ("no rows", "Parquet"),
    ("dies in a page", "REST"),
}
"""Where the same command is run again once the source is good: all transports."""

PLAYED = [(case, on) for case in CASES for on in case.on]
Lake = dict[str, Source]


@pytest.fixture(scope="module")
def sources(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lake]:
    """A table per transport, each published as version 0."""
    with lake(tmp_path_factory.mktemp("bad"), 2_000, 3) as (settings, contracts):
        known = {contract.department: contract for contract in contracts}
        found = {
            on: Source(settings, known[department], known[department].table(name), DAY)
            for on, (department, name) in {**PLACES, **NUMBERS}.items()
        }
        for step, on in product(("land", "gate", "release"), PLACES):
            assert run(found[on], step)[0] == 0
        with servers.addressed(found["REST"], pageSize=300):
            try:
                yield found
            finally:
                for source in found.values():
                    for service in source.started:
                        stop(service)


@pytest.mark.parametrize(
    ("case", "on", "number"),
    [
        pytest.param(case, on, number, id=f"{case.what}-{on}")
        for number, (case, on) in enumerate(PLAYED, 1)
    ],
)
def test_a_bad_source_is_refused(
    sources: Lake, case: Case, on: str, number: int
) -> None:
    source = replace(sources[on], day=DAY + timedelta(days=number))
    # Each way is played on a source that nobody has found broken before.
    shutil.rmtree(source.settings.layers.state / "breakers", ignore_errors=True)
    before = Published.of(source)
    with case.way(source) as spoiled:
        if case.step == "gate":
            assert run(spoiled, "land")[0] == 0
        code, said = run(spoiled, case.step)
    check_refusal(source, before, case.step, case.code, code, said)
    if (case.what, on) in MENDED:
        hand_over(source)
        assert run(source, "land")[0] == 0
