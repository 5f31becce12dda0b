"""Every way a source can be bad, on every transport: refused clearly, and nothing moved.

The source is real each time. A refusal has its exit code, a message that names the batch
and quotes no cell, and a `failed` event; what was published stays byte for byte.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import product

import polars as pl
import pytest

from audit.ledger import open_ledger
from audit.receipts import find
from tests.lib import bad_files as files
from tests.lib import bad_servers as servers
from tests.lib import bad_sources as bad
from tests.lib.bad_sources import (
    ALL,
    CSV,
    DATABASES,
    FILES,
    JSONL,
    MARIADB,
    PARQUET,
    POSTGRES,
    REST,
    XLSX,
    Source,
    Way,
    delivered,
    hand_over,
    run,
)
from tests.lib.refusals import Published, check_refusal
from tests.lib.small_lake import DAY
from tests.system.bad_input.conftest import BadLake

NUMBERS = {"PostgreSQL numbers": ("medical_insurance", "institutions")}
"""Not published; the other table of PostgreSQL has no column but text."""


@dataclass(frozen=True)
class Case:
    """A way to be bad, the exit code it ends in, the transports it is played on.

    `proves` says which number of tests it counts for.
    """

    what: str
    way: Way
    code: int
    on: tuple[str, ...]
    step: str = "land"
    proves: str = ""


C6 = "C6"
SEALED = XLSX + JSONL + PARQUET

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
    Case("dies before the rows", servers.dies_while_read, 10, DATABASES, proves=C6),
    Case("no drop", files.nothing_yet, 10, CSV),
    Case("no manifest", files.manifest(lambda _: None), 10, FILES),
    Case("dies in a page", servers.misbehaving(1, die=1), 10, REST, proves=C6),
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
    # Nothing, a hundredth, half, or what came before it stopped.
    Case("no rows", delivered(pl.DataFrame.clear), 20, ALL, proves=C6),
    Case("no bytes", files.sealed(files.no_bytes), 20, XLSX),
    Case(
        "no bytes", files.sealed(files.no_bytes), 20, CSV + JSONL + PARQUET, proves=C6
    ),
    *(
        Case(f"{name} {share}", delivered(part(share)), 21, on, "gate", C6)
        for share in (100, 2)
        for name, part, on in (
            ("first 1 of", bad.first_of, ALL),
            ("last 1 of", bad.last_of, DATABASES + REST),
        )
    ),
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
    Case(
        "stops before the end", files.sealed(bytes, more_rows=5), 24, FILES, proves=C6
    ),
    # Not readable.
    Case("stops in a row", files.sealed(files.half), 25, SEALED, proves=C6),
    Case("prose", files.sealed(files.prose), 25, XLSX + JSONL + PARQUET),
    Case("UTF-8 for GB18030", delivered(pl.DataFrame.clone, "utf-8"), 25, CSV),
    Case("GB18030 for UTF-8", delivered(pl.DataFrame.clone, "gb18030"), 25, JSONL),
    Case("a cell lacking", files.sealed(files.line_without_a_cell), 25, CSV),
    Case("broken line", files.sealed(files.last_line_cut), 25, JSONL),
    Case("undecodable", files.sealed(files.undecodable_sheet), 25, XLSX),
    Case("zip bomb", files.sealed(files.bomb), 25, XLSX),
    Case("nested without end", files.sealed(files.nested), 25, JSONL),
    Case("no number", files.sealed(files.no_number), 25, JSONL),
    Case("cell far away", files.sealed(files.far_away_cell), 25, XLSX),
    Case("undecodable", files.sealed(files.undecodable_parquet), 25, PARQUET),
    Case("undecodable", servers.misbehaving(1, garble=1), 25, REST),
    Case("half characters", servers.misbehaving(1, halve=99), 25, REST),
    # Not complete, or not as agreed.
    Case("another day's", files.manifest(files.yesterdays), 26, CSV),
    Case("manifest torn", files.manifest(lambda _: '{"department": "'), 26, CSV),
    Case("not in the manifest", files.manifest(files.without_files), 26, CSV),
    Case("no digest", files.manifest(files.without_digest), 26, CSV),
    Case("manifest is a pipe", files.manifest_piped, 26, CSV),
    Case("manifest is a link", files.manifest_linked, 26, CSV),
    Case("manifest without end", files.manifest(files.endless), 26, CSV),
    Case("listed twice", files.manifest(files.listed_twice), 26, CSV),
    Case("name leads elsewhere", files.manifest(files.elsewhere), 26, CSV),
    Case("fewer rows than none", files.manifest(files.fewer_than_none), 26, CSV),
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

PASSING = {
    "throttled": servers.misbehaving(1, throttle=2),
    "token expires": servers.misbehaving(1, expire=1),
    "fails once": servers.misbehaving(1, fail=1),
}
"""Of the REST service, only for a while: it is waited."""

PLAYED = [(case, on) for case in CASES for on in case.on]


@pytest.fixture(scope="module")
def sources(bad_lake: BadLake) -> dict[str, Source]:
    """A table per transport, each published as version 0."""
    published = bad_lake.places
    for step, on in product(("land", "gate", "release"), published):
        assert run(published[on], step)[0] == 0
    numbers = {on: bad_lake.source(*place) for on, place in NUMBERS.items()}
    return {**published, **numbers}


@pytest.mark.parametrize(
    ("case", "on", "number"),
    [
        pytest.param(
            case,
            on,
            number,
            id=f"{case.what}-{on}",
            marks=[pytest.mark.proves(case.proves)] if case.proves else [],
        )
        for number, (case, on) in enumerate(PLAYED, 1)
    ],
)
def test_a_bad_source_is_refused(
    sources: dict[str, Source], case: Case, on: str, number: int
) -> None:
    source = replace(sources[on], day=DAY + timedelta(days=number))
    before = Published.of(source)
    with case.way(source) as spoiled:
        if case.step == "gate":
            assert run(spoiled, "land")[0] == 0
        code, said = run(spoiled, case.step)
    check_refusal(source, before, case.step, case.code, code, said)
    if (case.what, on) in MENDED:
        hand_over(source)
        assert run(source, "land")[0] == 0


@pytest.mark.parametrize("trouble", PASSING)
def test_trouble_that_passes_is_waited_for(
    sources: dict[str, Source], trouble: str
) -> None:
    number = 1 + list(PASSING).index(trouble)
    source = replace(sources["REST"], day=DAY - timedelta(days=300 + number))
    with PASSING[trouble](source):
        code, said = run(source, "land")
    assert code == 0, said
    receipt = find(open_ledger(source.settings), "reconciled", source.batch)
    assert receipt is not None and receipt.body["rows"] == source.rows().height
