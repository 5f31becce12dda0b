"""The table of a grant, from accepted rows to a published version: what its recipient gets,
and that nobody gets it without two signatures."""

from __future__ import annotations

import re
from typing import Any

import polars as pl
import pytest

from audit.ledger import open_ledger
from audit.receipts import find
from jobs import granted
from jobs.__main__ import release
from lake_config.errors import (
    LeakFound,
    NothingToDo,
)
from lake_config.settings import Settings
from tests.lib.gated_batch import people
from tests.lib.granted_lake import (
    COUNT,
    REMARKS,
    batch_of_remarks,
    declare,
    granting,
    other,
    shared_with,
    signed,
)


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    return granting(settings, monkeypatch, REMARKS)


def test_the_granted_columns_are_shared_and_texts_are_masked(lake: Settings) -> None:
    signed(lake, "remarks")
    job = batch_of_remarks(lake)
    assert "1 granted tables" in release(job)
    rows = shared_with(lake, "research_office", "remarks")
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
    job = batch_of_remarks(lake)
    release(job)
    plain = people(COUNT)
    rows = shared_with(lake, "research_office", "remarks")
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
    job = batch_of_remarks(lake)
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
    release(batch_of_remarks(lake))
    tables = (
        ("analysts", "people"),
        ("research_office", "remarks"),
        ("audit_office", "again"),
    )
    tokens = [{row["identity_no"] for row in shared_with(lake, *it)} for it in tables]
    assert [len(one) for one in tokens] == [COUNT] * 3
    assert len(set.union(*tokens)) == 3 * COUNT


def test_what_is_done_is_left_alone(lake: Settings) -> None:
    signed(lake, "remarks")
    job = batch_of_remarks(lake)
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
    job = batch_of_remarks(lake)
    with monkeypatch.context() as before:
        before.setattr(granted, "_masked", _killed)
        with pytest.raises(KeyboardInterrupt):
            release(job)
    with monkeypatch.context() as between:
        between.setattr(granted, "moved", _killed)
        with pytest.raises(KeyboardInterrupt):
            release(job)
    assert "granted" in release(job)
    assert len(shared_with(lake, "research_office", "remarks")) == COUNT
    assert len(shared_with(lake, "analysts", "people")) == COUNT


def _killed(*_: Any, **__: Any) -> None:
    raise KeyboardInterrupt
