"""The step `mask`: what it records, and that nothing a scan refuses stays anywhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import polars as pl
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
    SettingsError,
)
from lake_config.settings import Settings
from privacy import policy
from privacy.canaries import enrol_canaries
from privacy.key_changes import destroy, warrant_to_destroy
from privacy.keys import MASTER, init_keys, make_salt, own_scope
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
from tests.lib.keyed_lake import both_sign


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, INVENTED)
    return settings


def kinds(settings: Settings) -> list[str]:
    return [event.kind for event in open_ledger(settings).events()]


def staged_files(settings: Settings) -> list[str]:
    return [path.name for path in settings.layers.staging.rglob("*") if path.is_file()]


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


def test_an_earlier_try_s_leftovers_go(lake: Settings) -> None:
    job, before = gated(lake, INVENTED, "people", people(5))
    dead = job.layers.staged("analysts", "invented", "people", job.date, "dead")
    dead.mkdir(parents=True)
    (dead / "half.parquet").write_bytes(b"x")
    mask_batch(job, before)
    assert not dead.exists()


def weakened(monkeypatch: pytest.MonkeyPatch, *kinds_: str) -> None:
    for kind in kinds_:
        line = replace(policy.TABLE[kind], statistics=policy.KEEP)
        monkeypatch.setitem(policy.TABLE, kind, line)


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
    master_gone(lake)
    init_keys(lake)


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


CANARIES = (("person_name", "name"), ("address", "home"))


def leaks(lake: Settings, rows: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    """What the receipt of a refused batch says of its leaks."""
    columns = tuple(
        replace(item, **facts) if item.name == "office" else item
        for item in PEOPLE.columns
    )
    contract = replace(INVENTED, tables=(replace(PEOPLE, columns=columns),))
    job, before = gated(lake, contract, "people", rows)
    with pytest.raises(LeakFound) as refusal:
        mask_batch(job, before)
    assert staged_files(lake) == []
    body = last(lake, "masked", job.batch).body
    told = f"{refusal.value}{json.dumps(body, ensure_ascii=False)}"
    assert not any(row[name] in told for row in rows for name in ("name", "home"))
    return dict(body["leak_scan"])


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (
            "经办：{name}。",
            {"office: person_name of the same row", "office: person_name"},
        ),
        ("联系人{name}办理", {"office: person_name of the same row"}),
        ("住{home}的", {"office: address"}),
        ("{home}", {"office: address"}),
    ],
)
def test_a_value_without_a_pattern_is_known(
    lake: Settings, written: str, found: set[str]
) -> None:
    rows = people(30)
    rows[17]["office"] = written.format(**rows[17])
    scan = leaks(lake, rows)
    assert {where for where in scan["found"] if where[0] != "*"} == found
    assert all(count == 1 for count in scan["found"].values())
    if scan["hits"]:
        assert [place["column"] for place in scan["places"]] == ["office"]


def test_somebody_else_s_name_is_found_as_a_whole_cell(lake: Settings) -> None:
    rows = people(30)
    rows[17]["office"] = rows[3]["name"]
    assert "office: person_name" in leaks(lake, rows)["found"]


def test_a_comment_that_names_one_of_the_batch_is_found(lake: Settings) -> None:
    rows = people(30)
    found = leaks(lake, rows, business_name=f"经办：{rows[3]['name']}")["found"]
    assert found == {"*: person_name": 1}


def test_a_text_in_which_the_model_sees_names_is_not_published(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of the batch is not in it; whom it tells of, nobody knows but the model."""
    weakened(monkeypatch, "free_text")
    rows = people(30)
    for number, row in enumerate(rows):
        row["remark"] = f"第{number}次会议由李国强主任主持，王秀英和陈建华参加。"
    scan = leaks(lake, rows)
    assert set(scan["found"]) == {"remark: person by the model"}
    assert scan["by_model"]["remark"]["person"] > 60
    harmless = lake_rows("第{}次会议按时召开，参加者没有意见。")
    job, before = gated(lake, INVENTED, "people", harmless, day=DAY.replace(day=4))
    told = mask_batch(job, before).body["leak_scan"]
    assert told["ok"] and told["by_model"]["remark"]["characters"] > 300


def lake_rows(remark: str) -> list[dict[str, Any]]:
    rows = people(30)
    return [{**row, "remark": remark.format(number)} for number, row in enumerate(rows)]


def test_a_canary_of_another_batch_is_found_anywhere(lake: Settings) -> None:
    rows, other = people(30), people(3, start=200)
    kept = [(kind, pl.Series([row[name] for row in other])) for kind, name in CANARIES]
    assert enrol_canaries(lake, kept) == 6
    rows[17]["office"] = f"转{other[1]['name']}办"
    found = leaks(lake, rows)["found"]
    assert found == {"office: canary person_name": 1, "*: canary person_name": 1}


def test_a_damaged_list_of_canaries_stops_the_scan(lake: Settings) -> None:
    enrol_canaries(lake, [("mobile", pl.Series(["13945551234"]))])
    lake.layers.canaries.write_text("{")
    with pytest.raises(SettingsError, match="金丝雀"):
        mask_batch(*gated(lake, INVENTED, "people", people(5)))
    assert staged_files(lake) == []


def test_a_folder_s_own_name_is_nobody_s_number(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, before = gated(lake, INVENTED, "people", people(50))
    drawn = SimpleNamespace(token_hex=lambda _: "13945551234")
    monkeypatch.setattr("jobs.mask.secrets", drawn)
    assert mask_batch(job, before).body["ok"]
