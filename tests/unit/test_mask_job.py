"""The step `mask`: what it records, and that nothing a scan refuses stays anywhere."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.scanned import scanned
from lake_config.errors import (
    ControlTotalsDiffer,
    KeyUnavailable,
    LeakFound,
    NothingToDo,
)
from lake_config.settings import Settings
from privacy.key_changes import destroy, warrant_to_destroy
from privacy.keys import MASTER, make_salt, own_scope
from tests.lib.gated_batch import (
    DAY,
    HIDDEN,
    INVENTED,
    PEOPLE,
    gated,
    last,
    new_lake,
    people,
)
from tests.lib.keyed_lake import another_master, both_sign
from tests.lib.staged_batch import staged_files, weakened


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, INVENTED)
    return settings


def kinds(settings: Settings) -> list[str]:
    return [event.kind for event in open_ledger(settings).events()]


def test_the_receipt_says_what_lies_in_staging(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(50), broken={3, 7})
    masked = mask_batch(job, before)
    body = masked.body
    staged = DeltaTable(str(lake.home / body["staged"]))
    rows = staged.to_pyarrow_table().to_pylist()
    assert body["rows"] == len(rows) == 48
    assert body["leak_scan"] == {"cells": 48 * 9, "hits": 0, "found": {}, "ok": True}
    assert body["columns"] == list(rows[0]) and not set(HIDDEN) & set(body["columns"])
    assert {row["times"] for row in rows} == set(range(50)) - {2, 6}
    files = scanned(job, masked)
    assert body["files"] == len(files) == len(staged.file_uris())
    assert sum(file["rows"] for file in files) == 48


def test_keys_are_recorded_before_they_are_used(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    body = mask_batch(job, before).body
    assert kinds(lake)[-2:] == ["key_used", "masked"]
    used = list(open_ledger(lake).events())[-2]
    assert used.body["key_ids"] == body["key_ids"]
    assert "r=analysts;p=statistics;d=invented;c=mobile;a=sm3;v=1" in body["key_ids"]


def test_the_log_of_staging_holds_no_smallest_or_largest_value(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    staged = lake.home / mask_batch(job, before).body["staged"]
    log = "".join(path.read_text("utf-8") for path in staged.glob("_delta_log/*.json"))
    assert "minValues" not in log and "numRecords" in log


def test_a_second_run_has_nothing_to_do(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    mask_batch(job, before)
    with pytest.raises(NothingToDo):
        mask_batch(job, before)


@pytest.mark.parametrize("left", ["_scanned.json", "*.parquet", "_delta_log/*.json"])
def test_what_a_killed_run_has_half_removed_is_masked_again(
    lake: Settings, left: str
) -> None:
    """Two runs, of which the later one died while it cleared the earlier one's folder:
    publishing asks for another masking, and masking must not have nothing to do."""
    job, before = gated(lake, INVENTED, "people", people(5))
    staged = lake.home / mask_batch(job, before).body["staged"]
    kept = set(staged.glob(left))
    assert kept
    for path in [path for path in staged.rglob("*") if path.is_file()]:
        if path not in kept:
            path.unlink()
    again = mask_batch(job, before)
    assert publish(job, again).body["rows"] == 5


@pytest.mark.parametrize("content", [b"{", b"[]", b'[{"path": "gone"}]'])
def test_a_list_that_was_changed_is_told_and_not_masked_away(
    lake: Settings, content: bytes
) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    masked = mask_batch(job, before)
    (lake.home / masked.body["staged"] / "_scanned.json").write_bytes(content)
    with pytest.raises(NothingToDo):
        mask_batch(job, before)
    with pytest.raises(LeakFound):
        publish(job, masked)


def test_an_earlier_try_s_leftovers_go(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    dead = job.layers.staged("analysts", "invented", "people", job.date, "dead")
    dead.mkdir(parents=True)
    (dead / "half.parquet").write_bytes(b"x")
    mask_batch(job, before)
    assert not dead.exists()


def test_a_leak_is_deleted_recorded_and_raised(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    good, first = gated(lake, INVENTED, "people", people(5))
    published = publish(good, mask_batch(good, first))
    table = lake.layers.shared_table("analysts", "invented", "people")
    before = sorted(path.name for path in table.rglob("*"))
    weakened(monkeypatch, "mobile", "bank_card", "identity_number")
    day = good.date.replace(day=3)
    job, second = gated(lake, INVENTED, "people", people(5), day=day)
    with pytest.raises(LeakFound) as refusal:
        mask_batch(job, second)
    receipt = last(lake, "masked", job.batch)
    assert not receipt.ok
    assert receipt.body["leak_scan"]["hits"] == 15
    assert receipt.body["leak_scan"]["found"] == {
        "identity_no: identity_number": 5, "mobile: mobile": 5, "card: bank_card": 5,
        "*: identity_number": 2, "*: mobile": 2, "*: bank_card": 2,
    }  # fmt: skip
    places = receipt.body["leak_scan"]["places"]
    assert {(place["column"], *place["classes"]) for place in places} == {
        ("identity_no", "identity_number"), ("mobile", "mobile"), ("card", "bank_card"),
    }  # fmt: skip
    assert {place["row"] for place in places} == {1, 2, 3, 4, 5}
    assert staged_files(lake) == []
    assert kinds(lake)[-1] == "alert"
    assert "139" not in str(refusal.value)
    assert sorted(path.name for path in table.rglob("*")) == before
    assert DeltaTable(str(table)).version() == published.body["version"] == 0


def test_an_identity_number_that_hides_in_another_column_is_found(
    lake: Settings,
) -> None:
    rows = people(30)
    rows[17]["office"] = f"经办：{rows[17]['identity_no']}"
    rows[18]["times"] = 13945551234
    job, before = gated(lake, INVENTED, "people", rows)
    with pytest.raises(LeakFound):
        mask_batch(job, before)
    found = last(lake, "masked", job.batch).body["leak_scan"]["found"]
    assert found == {
        "office: identity_number": 1, "times: mobile": 1, "*: identity_number": 1,
    }  # fmt: skip


def test_a_column_named_after_somebody_is_found(lake: Settings) -> None:
    columns = tuple(
        replace(item, business_name="电话13945551234")
        if item.name == "office"
        else item
        for item in PEOPLE.columns
    )
    contract = replace(INVENTED, tables=(replace(PEOPLE, columns=columns),))
    job, before = gated(lake, contract, "people", people(5))
    with pytest.raises(LeakFound):
        mask_batch(job, before)
    assert staged_files(lake) == []


def test_other_rows_than_the_gate_accepted_are_refused(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(10))
    before.body["accepted"] = 11
    with pytest.raises(ControlTotalsDiffer):
        mask_batch(job, before)
    assert staged_files(lake) == []
    assert not last(lake, "masked", job.batch).ok


SCOPE = own_scope("analysts", "statistics", "invented")


def master_gone(lake: Settings) -> None:
    (lake.layers.keys / MASTER).unlink()


def another_lake_s_master(lake: Settings) -> None:
    another_master(lake)


def salt_gone(lake: Settings) -> None:
    lake.layers.key_salt(SCOPE, 1).unlink()


def another_salt(lake: Settings) -> None:
    make_salt(lake, SCOPE, 1)


def destroyed(lake: Settings) -> None:
    ledger = open_ledger(lake)
    both_sign(lake, warrant_to_destroy(ledger, SCOPE, 1))
    destroy(lake, ledger, SCOPE, 1, "tests")


@pytest.mark.parametrize(
    "spoil", [master_gone, another_lake_s_master, salt_gone, another_salt, destroyed]
)
def test_without_the_right_key_nothing_is_written(
    lake: Settings, spoil: Callable[[Settings], None]
) -> None:
    """As far as the ledger goes, the use that did not happen; no file and no receipt."""
    mask_batch(*gated(lake, INVENTED, "people", people(5)))
    before = staged_files(lake)
    spoil(lake)
    day = DAY.replace(day=3)
    job, next_day = gated(lake, INVENTED, "people", people(5), day=day)
    with pytest.raises(KeyUnavailable):
        mask_batch(job, next_day)
    assert staged_files(lake) == before
    assert last(lake, "masked", job.batch) is None
