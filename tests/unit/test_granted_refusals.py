"""What stops the table of a grant, that it stops no other, and what a withdrawal ends."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

import pytest

from audit.ledger import open_ledger
from audit.receipts import find
from jobs import beside, granted, publish
from jobs.__main__ import _ended, release
from lake_config.errors import (
    ComponentMissing,
    ContractError,
    GrantNotInForce,
    LeakFound,
    TableBusy,
)
from lake_config.settings import Settings
from privacy.grants import withdraw_grant
from sharing.tables import tables_of
from tests.lib.granted_lake import (
    COUNT,
    REMARKS,
    WHERE,
    batch_of_remarks,
    declare,
    granting,
    other,
    shared_with,
    signed,
    yesterday,
)


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return granting(settings, monkeypatch, REMARKS)


@pytest.mark.parametrize("officers", [(), ("甲",), ("甲", "甲")])
def test_unsigned_it_stops_only_its_own_table(
    lake: Settings, officers: tuple[str, ...]
) -> None:
    declare(lake, REMARKS, other(name="signed_one"))
    signed(lake, "remarks", officers)
    signed(lake, "signed_one")
    job = batch_of_remarks(lake)
    with pytest.raises(GrantNotInForce) as refusal:
        release(job)
    assert refusal.value.table == "remarks"
    assert len(shared_with(lake, "analysts", "people")) == COUNT
    assert len(shared_with(lake, "research_office", "signed_one")) == COUNT
    assert not lake.layers.shared_table(
        "research_office", "invented", "remarks"
    ).exists()


def test_what_is_over_is_not_made_and_stops_nothing(lake: Settings) -> None:
    signed(lake, "remarks")
    withdraw_grant(lake, open_ledger(lake), "remarks", "甲")
    declare(lake, REMARKS, other(name="late", until=yesterday()))
    assert "granted" not in release(batch_of_remarks(lake))
    assert not (lake.layers.shared / "research_office").exists()


def _served(lake: Settings) -> list[str]:
    return [name for _, name in tables_of(open_ledger(lake), "research_office")]


@pytest.mark.parametrize("how", ["reworded", "another's", "taken out", "broken"])
def test_withdrawing_ends_what_was_published_whatever_the_file_says_now(
    lake: Settings, how: str
) -> None:
    signed(lake, "remarks")
    release(batch_of_remarks(lake))
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
        release(batch_of_remarks(lake))


def test_a_broken_file_shares_nothing_but_the_curated_table(lake: Settings) -> None:
    lake.layers.grants.write_text("grants: 1", "utf-8")
    with pytest.raises(ContractError):
        release(batch_of_remarks(lake))
    assert len(shared_with(lake, "analysts", "people")) == COUNT


def test_without_a_model_nothing_is_written(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing() -> None:
        raise OSError("no model")

    signed(lake, "remarks")
    monkeypatch.setattr("privacy.names.detect.own_find", missing)
    with pytest.raises(ComponentMissing):
        release(batch_of_remarks(lake))
    assert not (lake.layers.staging / "research_office").exists()


def test_what_the_masking_leaves_is_refused_by_the_scan(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("privacy.masked_text.masked_texts", list)
    monkeypatch.setattr(
        "privacy.masked_text.without_own_values", lambda rows, _: rows["_text"]
    )
    signed(lake, "remarks")
    job = batch_of_remarks(lake)
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
        release(batch_of_remarks(lake))
    assert not (
        lake.layers.shared / "research_office" / "invented" / "remarks"
    ).exists()


def test_each_failure_is_told_under_its_own_name_and_ends_the_command(
    lake: Settings,
) -> None:
    """The step ends with the code of one; the other was recorded on the way."""
    declare(lake, REMARKS, other(name="again"))
    job = batch_of_remarks(lake)
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
    job = batch_of_remarks(lake)
    kinds = {"counts": lambda *_: [("counts", leaking)], "others": damaged}
    monkeypatch.setattr(beside, "KINDS", {**kinds, **beside.KINDS})
    with pytest.raises(LeakFound) as refusal:
        release(job)
    assert refusal.value.table == "counts" and len(shared_with(lake, *WHERE)) == COUNT
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
        release(batch_of_remarks(lake))
