"""A re-link table says which new token was which old one, and ends with its day or key."""

from __future__ import annotations

import stat
from datetime import timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from audit.ledger import Ledger, open_ledger
from jobs import relink as module
from jobs.context import Job
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.relink import (
    Rotation,
    end_relinks,
    hand_over,
    relink,
    rotation_of,
    warrant_to_relink,
)
from jobs.steps import Gated
from lake_config.calendar import city_today
from lake_config.errors import (
    KeyUnavailable,
    NothingToDo,
    NotSigned,
    OutOfTurn,
    UsageError,
)
from lake_config.settings import Settings
from ops.keys import _ids_published
from privacy.key_changes import destroy, rotate, warrant_to_destroy
from privacy.keys import own_scope
from privacy.warrants import sign_warrant
from tests.lib.gated_batch import DAY, INVENTED, gated, new_lake, people
from tests.lib.keyed_lake import both_sign, with_officers

SCOPE = own_scope("analysts", "statistics", "invented")
CLASSES = ("bank_card", "identity_number", "mobile", "record_key")
COLUMNS = dict(
    zip(("card", "identity_no", "mobile", "record_no"), CLASSES, strict=True)
)
Rows = dict[int, dict[str, str]]


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, INVENTED)
    with_officers(settings)
    return settings


def published(lake: Settings, count: int, day: int = 2) -> Rows:
    """Published rows by what tells them apart without a token."""
    facts = {"broken": {1}, "day": DAY.replace(day=day)}
    job, before = gated(lake, INVENTED, "people", people(count), **facts)  # type: ignore[arg-type]
    publish(job, mask_batch(job, before))
    table = lake.layers.shared_table("analysts", "invented", "people")
    rows = DeltaTable(str(table)).to_pyarrow_table().to_pylist()
    return {row["times"]: row for row in rows}


def rotated(lake: Settings) -> tuple[Ledger, Rotation]:
    ledger = open_ledger(lake)
    rotate(lake, ledger, SCOPE, "tests")
    return ledger, rotation_of(ledger, SCOPE)


def made(lake: Settings, ledger: Ledger, rotation: Rotation, days: int = 30) -> int:
    both_sign(lake, warrant_to_relink(ledger, rotation, days))
    return relink(lake, ledger, [INVENTED], rotation, days, "tests")


def handed(lake: Settings, rotation: Rotation, to: Path) -> dict[tuple[str, str], str]:
    hand_over(lake, open_ledger(lake), rotation, to, "tests")
    rows = pq.read_table(to).to_pylist()
    return {(row["class"], row["old"]): row["new"] for row in rows}


def test_old_tokens_lead_to_the_new_ones_and_nothing_else_is_in_it(
    lake: Settings, tmp_path: Path
) -> None:
    before = published(lake, 40)
    ledger, rotation = rotated(lake)
    assert made(lake, ledger, rotation) == 39 * len(CLASSES)
    links = handed(lake, rotation, tmp_path / "links.parquet")
    after = published(lake, 40, day=3)
    assert len(links) == 39 * len(CLASSES)
    for number, row in before.items():
        for column, kind in COLUMNS.items():
            assert row[column] != after[number][column]
            assert links[kind, row[column]] == after[number][column]
    assert stat.S_IMODE((tmp_path / "links.parquet").stat().st_mode) == 0o600


def test_after_the_next_publication_it_still_tells_of_the_old_one(
    lake: Settings, tmp_path: Path
) -> None:
    before = published(lake, 10)
    ledger, rotation = rotated(lake)
    after = published(lake, 30, day=3)
    made(lake, ledger, rotation)
    links = handed(lake, rotation, tmp_path / "links.parquet")
    assert links["mobile", before[5]["mobile"]] == after[5]["mobile"]
    assert len(links) == 9 * len(CLASSES)


def test_what_was_masked_and_not_published_since_stands_in_no_way(
    lake: Settings, tmp_path: Path
) -> None:
    """The same batch masked again under the new version, and killed before publishing."""
    before = published(lake, 12)
    ledger, rotation = rotated(lake)
    job = Job(lake, INVENTED, INVENTED.table("people"), DAY, "release")
    mask_batch(job, Gated.load(job))
    carried = _ids_published(ledger, "invented", "people")
    assert carried and all(name.endswith(";v=1") for name in carried)
    assert made(lake, ledger, rotation) == 11 * len(CLASSES)
    links = handed(lake, rotation, tmp_path / "links.parquet")
    assert ("mobile", before[5]["mobile"]) in links


def test_its_order_is_that_of_new_tokens_not_of_the_source(
    lake: Settings, tmp_path: Path
) -> None:
    published(lake, 60)
    ledger, rotation = rotated(lake)
    made(lake, ledger, rotation)
    hand_over(lake, ledger, rotation, tmp_path / "links.parquet", "tests")
    rows = pq.read_table(tmp_path / "links.parquet").to_pylist()
    places = [(row["class"], row["new"]) for row in rows]
    assert places == sorted(places)


def test_it_is_kept_sealed_and_private(lake: Settings) -> None:
    before = published(lake, 6)
    ledger, rotation = rotated(lake)
    made(lake, ledger, rotation)
    path = lake.layers.relink(SCOPE, 1, 2)
    content = path.read_bytes()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert b"PAR1" not in content and before[3]["mobile"].encode() not in content


def test_one_officer_or_other_days_make_none(lake: Settings) -> None:
    published(lake, 6)
    ledger, rotation = rotated(lake)
    with pytest.raises(NotSigned):
        relink(lake, ledger, [INVENTED], rotation, 30, "tests")
    sign_warrant(lake, ledger, "甲", warrant_to_relink(ledger, rotation, 30))
    with pytest.raises(NotSigned):
        relink(lake, ledger, [INVENTED], rotation, 30, "tests")
    sign_warrant(lake, ledger, "乙", warrant_to_relink(ledger, rotation, 30))
    with pytest.raises(NotSigned):
        relink(lake, ledger, [INVENTED], rotation, 31, "tests")
    assert not lake.layers.relinks(SCOPE).exists()


def test_what_was_never_published_needs_none(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(6))
    mask_batch(job, before)
    ledger, rotation = rotated(lake)
    with pytest.raises(UsageError, match="没有发布过"):
        made(lake, ledger, rotation)
    assert not lake.layers.relinks(SCOPE).exists()


def test_a_second_making_changes_nothing(lake: Settings) -> None:
    published(lake, 6)
    ledger, rotation = rotated(lake)
    made(lake, ledger, rotation)
    with pytest.raises(NothingToDo):
        relink(lake, ledger, [INVENTED], rotation, 30, "tests")


def test_past_its_day_it_opens_for_nobody_and_is_erased(
    lake: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    published(lake, 6)
    ledger, rotation = rotated(lake)
    made(lake, ledger, rotation, days=7)
    path = lake.layers.relink(SCOPE, 1, 2)
    assert end_relinks(lake, ledger, city_today() + timedelta(days=7), "tests") == 0
    assert path.exists()
    later = city_today() + timedelta(days=8)
    with monkeypatch.context() as patch:
        patch.setattr(module, "city_today", lambda: later)
        with pytest.raises(UsageError):
            hand_over(lake, ledger, rotation, tmp_path / "x.parquet", "tests")
    for ended in (1, 0):
        assert end_relinks(lake, ledger, later, "tests") == ended
    assert not path.exists()
    assert next(ledger.newest("relink_ended", SCOPE)).body["new"] == 2


def test_a_file_without_its_event_is_nobody_s(lake: Settings, tmp_path: Path) -> None:
    published(lake, 6)
    ledger, rotation = rotated(lake)
    path = lake.layers.relink(SCOPE, 1, 2)
    path.parent.mkdir(parents=True)
    path.write_bytes(b"x")
    with pytest.raises(UsageError):
        hand_over(lake, ledger, rotation, tmp_path / "x.parquet", "tests")
    assert end_relinks(lake, ledger, city_today(), "tests") == 0
    assert not path.exists()


def test_it_ends_with_the_old_version(lake: Settings, tmp_path: Path) -> None:
    published(lake, 6)
    ledger, rotation = rotated(lake)
    made(lake, ledger, rotation)
    path = lake.layers.relink(SCOPE, 1, 2)
    kept = path.read_bytes()
    both_sign(lake, warrant_to_destroy(ledger, SCOPE, 1))
    destroy(lake, ledger, SCOPE, 1, "tests")
    assert not path.exists()
    path.write_bytes(kept)
    with pytest.raises(UsageError):
        rotation_of(ledger, SCOPE)
    with pytest.raises(KeyUnavailable):
        hand_over(lake, ledger, rotation, tmp_path / "x.parquet", "tests")


def test_both_versions_and_each_use_stand_in_the_ledger(
    lake: Settings, tmp_path: Path
) -> None:
    published(lake, 6)
    ledger, rotation = rotated(lake)
    made(lake, ledger, rotation)
    handed(lake, rotation, tmp_path / "links.parquet")
    used = [event.body["key_ids"] for event in ledger.events("key_used")]
    relinking, sealing, opening = used[-3:]
    assert {name.rpartition(";v=")[2] for name in relinking} == {"1", "2"}
    assert len(relinking) == 2 * len(CLASSES)
    assert sealing == opening == [rotation.seal_key]
    kinds = [event.kind for event in ledger.events()]
    told = "key_used key_used relinked key_used relink_handed"
    assert kinds[-5:] == told.split()


def test_what_was_masked_under_the_old_version_is_not_published_after(
    lake: Settings,
) -> None:
    published(lake, 6)
    job, before = gated(lake, INVENTED, "people", people(5), day=DAY.replace(day=3))
    masked = mask_batch(job, before)
    rotate(lake, job.ledger, SCOPE, "tests")
    with pytest.raises(OutOfTurn, match="轮换"):
        publish(job, masked)
    again = mask_batch(job, before)
    assert all(name.endswith(";v=2") for name in again.body["key_ids"])
    publish(job, again)


def test_a_rotation_while_a_batch_is_masked_spoils_its_receipt(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    import jobs.mask

    job, before = gated(lake, INVENTED, "people", people(5))
    scan = jobs.mask.scan_of

    def rotated_meanwhile(*given: object) -> object:
        rotate(lake, job.ledger, SCOPE, "tests")
        return scan(*given)  # type: ignore[arg-type]

    monkeypatch.setattr(jobs.mask, "scan_of", rotated_meanwhile)
    with pytest.raises(OutOfTurn, match="轮换"):
        mask_batch(job, before)
    assert not list(job.ledger.newest("masked", job.batch))


def test_a_destroyed_key_s_staged_bytes_are_not_published(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    masked = mask_batch(job, before)
    both_sign(lake, warrant_to_destroy(job.ledger, SCOPE, 1))
    destroy(lake, job.ledger, SCOPE, 1, "tests")
    with pytest.raises(KeyUnavailable):
        publish(job, masked)
    assert not lake.layers.shared_table("analysts", "invented", "people").exists()
