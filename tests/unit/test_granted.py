"""The table of a grant, from accepted rows to a published version: what its recipient gets,
and that nobody gets it without two signatures."""

from __future__ import annotations

import re
from argparse import Namespace
from typing import Any

import polars as pl
import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from audit.receipts import find
from jobs import beside, granted, publish
from jobs.__main__ import _ended, release
from jobs.context import Job
from lake_config.errors import (
    ComponentMissing,
    ContractError,
    GrantNotInForce,
    LeakFound,
    NothingToDo,
    TableBusy,
)
from lake_config.settings import Settings
from privacy.grants import withdraw_grant
from sharing.tables import tables_of
from tests.lib.gated_batch import INVENTED, gated, people
from tests.lib.granted_lake import (
    REMARKS,
    declare,
    granting,
    other,
    signed,
    yesterday,
)

COUNT = 40
WHERE = ("research_office", "remarks")


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return granting(settings, monkeypatch, REMARKS)


def batch(lake: Settings) -> Job:
    rows = people(COUNT)
    for row in rows:
        row["remark"] = f"联系人{row['name']}，电话{row['mobile']}，家住{row['home']}。"
    return gated(lake, INVENTED, "people", rows)[0]


def shared(lake: Settings, recipient: str, name: str) -> list[dict[str, Any]]:
    table = lake.layers.shared_table(recipient, "invented", name)
    return DeltaTable(str(table)).to_pyarrow_table().to_pylist()  # type: ignore[no-any-return]


def test_the_granted_columns_are_shared_and_texts_are_masked(lake: Settings) -> None:
    signed(lake, "remarks")
    job = batch(lake)
    assert "1 granted tables" in release(job)
    rows = shared(lake, "research_office", "remarks")
    assert len(rows) == COUNT and list(rows[0]) == REMARKS["columns"]
    for row in rows:
        assert row["remark"].startswith("联系人【姓名】，电话【手机号】，家住【地址】")
    for person in people(COUNT):
        for hidden in ("name", "mobile", "home"):
            assert not any(person[hidden] in row["remark"] for row in rows)
    receipt = find(job.ledger, "masked", f"invented.remarks.{job.date}")
    assert receipt and receipt.body["recipient"] == "research_office"
    told = receipt.body["text"]["remark"]
    assert (told["cells"], told["masked"], told["withheld"]) == (COUNT, COUNT, 0)
    assert 0 < told["rates"]["person"]["leak_rate"] < 0.05
    assert 0 < told["rates"]["place"]["leak_rate"] < 0.08


OPTIONS = {
    "name": "stars",
    "mobile": "format",
    "home": "township",
    "seen_at": "shift",
}


def test_columns_are_told_as_their_options_say(lake: Settings) -> None:
    declare(
        lake,
        other(
            columns=["identity_no", *OPTIONS],
            options=[{"column": it, "option": how} for it, how in OPTIONS.items()],
        ),
    )
    signed(lake, "remarks")
    job = batch(lake)
    release(job)
    plain = people(COUNT)
    rows = shared(lake, "research_office", "remarks")
    assert len(rows) == COUNT
    for row in rows:
        assert row["name"] is None or row["name"].endswith("*")
        assert re.fullmatch("1[3-9][0-9]{9}", row["mobile"])
    given = {column: {person[column] for person in plain} for column in OPTIONS}
    for column in ("name", "mobile", "home"):
        assert not given[column] & {row[column] for row in rows}
    receipt = find(job.ledger, "masked", f"invented.remarks.{job.date}")
    assert receipt
    keys = " ".join(receipt.body["key_ids"])
    assert "mobile-format" in keys and "shift" in keys


def test_a_column_that_was_not_encrypted_is_refused(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(
        lake,
        other(
            columns=["identity_no", "mobile"],
            options=[{"column": "mobile", "option": "format"}],
        ),
    )
    signed(lake, "remarks")
    monkeypatch.setattr(
        "privacy.mask_frame.option_column", lambda column, *_: pl.col(column.name)
    )
    job = batch(lake)
    with pytest.raises(LeakFound):
        release(job)
    receipt = find(job.ledger, "masked", f"invented.remarks.{job.date}")
    assert receipt and receipt.body["leak_scan"]["found"] == {
        "mobile: numbers more than by chance": COUNT
    }


def test_two_recipients_tokens_do_not_join(lake: Settings) -> None:
    declare(lake, REMARKS, other(name="again", recipient="audit_office"))
    signed(lake, "remarks")
    signed(lake, "again")
    release(batch(lake))
    tables = (
        ("analysts", "people"),
        ("research_office", "remarks"),
        ("audit_office", "again"),
    )
    tokens = [{row["identity_no"] for row in shared(lake, *it)} for it in tables]
    assert [len(one) for one in tokens] == [COUNT] * 3
    assert len(set.union(*tokens)) == 3 * COUNT


def test_what_is_done_is_left_alone(lake: Settings) -> None:
    signed(lake, "remarks")
    job = batch(lake)
    release(job)
    before = open_ledger(lake).events()
    with pytest.raises(NothingToDo):
        release(job)
    assert len(list(before)) == len(list(open_ledger(lake).events()))


def test_a_run_that_was_killed_is_made_up_for(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the curated table and the grant's, and between its masking and publication."""
    signed(lake, "remarks")
    job = batch(lake)
    with monkeypatch.context() as before:
        before.setattr(granted, "_masked", _killed)
        with pytest.raises(KeyboardInterrupt):
            release(job)
    with monkeypatch.context() as between:
        between.setattr(granted, "moved", _killed)
        with pytest.raises(KeyboardInterrupt):
            release(job)
    assert "granted" in release(job)
    assert len(shared(lake, "research_office", "remarks")) == COUNT
    assert len(shared(lake, "analysts", "people")) == COUNT


def _killed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt


@pytest.mark.parametrize("officers", [(), ("甲",), ("甲", "甲")])
def test_unsigned_it_stops_only_its_own_table(
    lake: Settings, officers: tuple[str, ...]
) -> None:
    declare(lake, REMARKS, other(name="signed_one"))
    signed(lake, "remarks", officers)
    signed(lake, "signed_one")
    job = batch(lake)
    with pytest.raises(GrantNotInForce) as refusal:
        release(job)
    assert refusal.value.table == "remarks"
    assert len(shared(lake, "analysts", "people")) == COUNT
    assert len(shared(lake, "research_office", "signed_one")) == COUNT
    assert not lake.layers.shared_table(
        "research_office", "invented", "remarks"
    ).exists()


def test_what_is_over_is_not_made_and_stops_nothing(lake: Settings) -> None:
    signed(lake, "remarks")
    withdraw_grant(lake, open_ledger(lake), "remarks", "甲")
    declare(lake, REMARKS, other(name="late", until=yesterday()))
    assert "granted" not in release(batch(lake))
    assert not (lake.layers.shared / "research_office").exists()


def _served(lake: Settings) -> list[str]:
    return [name for _, name in tables_of(open_ledger(lake), "research_office")]


@pytest.mark.parametrize("how", ["reworded", "another's", "taken out", "broken"])
def test_withdrawing_ends_what_was_published_whatever_the_file_says_now(
    lake: Settings, how: str
) -> None:
    signed(lake, "remarks")
    release(batch(lake))
    if how == "broken":
        lake.layers.grants.write_text("grants: {")
    if how == "taken out":
        lake.layers.grants.unlink()
    if how == "reworded":
        declare(lake, other(reason="另一事由"))
    if how == "another's":
        declare(lake, other(recipient="other_office"))
    assert _served(lake) == ["remarks"], "publishing is what counts"
    withdraw_grant(lake, open_ledger(lake), "remarks", "甲")
    assert _served(lake) == []
    withdraw_grant(lake, open_ledger(lake), "remarks", "甲")


def test_a_changed_declaration_needs_new_signatures(lake: Settings) -> None:
    signed(lake, "remarks")
    declare(lake, other(columns=[*REMARKS["columns"], "office"]))
    with pytest.raises(GrantNotInForce):
        release(batch(lake))


def test_a_broken_file_shares_nothing_but_the_curated_table(lake: Settings) -> None:
    lake.layers.grants.write_text("grants: 1", "utf-8")
    with pytest.raises(ContractError):
        release(batch(lake))
    assert len(shared(lake, "analysts", "people")) == COUNT


def test_without_a_model_nothing_is_written(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise OSError("no model")

    signed(lake, "remarks")
    monkeypatch.setattr("privacy.names.detect.own_find", missing)
    with pytest.raises(ComponentMissing):
        release(batch(lake))
    assert not (lake.layers.staging / "research_office").exists()


def test_what_the_masking_leaves_is_refused_by_the_scan(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.masked_text.masked_texts", list)
    monkeypatch.setattr(
        "privacy.masked_text.without_own_values", lambda rows, _: rows["_text"]
    )
    signed(lake, "remarks")
    job = batch(lake)
    with pytest.raises(LeakFound):
        release(job)
    receipt = find(job.ledger, "masked", f"invented.remarks.{job.date}")
    told = (
        "address",
        "mobile",
        "person by the model",
        "person_name more than by chance",
        "place by the model",
    )
    smallest_and_largest = {"*: address": 2, "*: mobile": 2}
    assert receipt and receipt.body["leak_scan"]["found"] == {
        **{f"remark: {kind}": COUNT for kind in told},
        **smallest_and_largest,
    }
    assert not (lake.layers.shared / "research_office").exists()


def test_a_grant_that_ends_before_its_table_is_moved_is_not_published(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def withdrawn_meanwhile(*given: Any, **also: Any) -> Any:
        withdraw_grant(lake, open_ledger(lake), "remarks", "甲")
        return publish.moved(*given, **also)

    signed(lake, "remarks")
    monkeypatch.setattr(granted, "moved", withdrawn_meanwhile)
    with pytest.raises(GrantNotInForce):
        release(batch(lake))
    assert not (
        lake.layers.shared / "research_office" / "invented" / "remarks"
    ).exists()


def test_each_failure_is_told_under_its_own_name_and_ends_the_command(
    lake: Settings,
) -> None:
    """The step ends with the code of one; the other was recorded on the way."""
    declare(lake, REMARKS, other(name="again"))
    job = batch(lake)
    given = Namespace(step="release", department="invented", table="people")
    with pytest.raises(GrantNotInForce) as refusal:
        release(job)
    assert (
        _ended(lake, given, job.date, refusal.value) == GrantNotInForce.exit_code != 0
    )
    for kind in ("failed", "alert"):
        told = [event.subject for event in open_ledger(lake).events(kind)]
        assert sorted(told) == [
            f"invented.{name}.{job.date}" for name in ("again", "remarks")
        ]


def test_a_statistic_that_fails_stops_no_grant(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def leaking() -> bool:
        raise LeakFound("leak")

    def damaged(*_: Any) -> Any:
        raise ContractError(("damaged",))

    signed(lake, "remarks")
    job = batch(lake)
    kinds = {"counts": lambda *_: [("counts", leaking)], "others": damaged}
    monkeypatch.setattr(beside, "KINDS", {**kinds, **beside.KINDS})
    with pytest.raises(LeakFound) as refusal:
        release(job)
    assert refusal.value.table == "counts" and len(shared(lake, *WHERE)) == COUNT
    events = open_ledger(lake).events("failed")
    assert [(event.body["table"], event.body["error"]) for event in events] == [
        ("people", "ContractError")
    ]


def test_what_may_pass_by_itself_is_tried_again(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy(*_: Any, **__: Any) -> None:
        raise TableBusy("busy")

    declare(lake, REMARKS, other(name="again"))
    signed(lake, "again")
    monkeypatch.setattr(granted, "moved", busy)
    with pytest.raises(TableBusy):
        release(batch(lake))
