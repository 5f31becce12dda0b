"""A person of a recipient is served the recipient's tables while their grants last."""

from __future__ import annotations

from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from fastapi.testclient import TestClient

from audit.ledger import init_ledger, open_ledger
from lake_config.calendar import city_today
from lake_config.errors import UsageError
from lake_config.settings import Settings
from sharing.app import create_app
from sharing.links import link
from sharing.people import enrol
from sharing.tables import tables_of

TABLES = "/delta-sharing/shares/suihua/all-tables"


@pytest.fixture
def lake(settings: Settings) -> Settings:
    init_ledger(settings)
    published(settings, "people", recipient="analysts")
    published(settings, "remarks", grant="g1", until=day(0))
    return settings


def day(from_today: int) -> str:
    return (city_today() + timedelta(days=from_today)).isoformat()


def published(settings: Settings, table: str, version: int = 1, **facts: Any) -> None:
    body = {
        "ok": True, "department": "invented", "table": table, "attempt": "a",
        "date": "2026-03-02", "contract": "c", "rows": 1, "files_digest": "f",
        "recipient": "office", "purpose": "research", "policy": "1",
        "version": version, "approvals": [], **facts,
    }  # fmt: skip
    open_ledger(settings).append("published", "jobs", f"invented.{table}.d", body)


def names(settings: Settings, recipient: str = "office") -> list[str]:
    return [name for _, name in tables_of(open_ledger(settings), recipient)]


def listed(lake: Settings, recipient: str) -> list[str]:
    client = TestClient(create_app(lake), client=("10.0.0.1", 1))
    token = enrol(lake, f"读者{recipient}", 1, recipient)["bearerToken"]
    answer = client.get(TABLES, headers={"Authorization": f"Bearer {token}"})
    return [item["name"] for item in answer.json().get("items", [])]


def test_a_person_reads_the_tables_of_their_recipient_and_no_others(
    lake: Settings,
) -> None:
    assert listed(lake, "office") == ["remarks"]
    assert listed(lake, "analysts") == ["people"]
    assert listed(lake, "nobody_s") == []


def test_who_was_let_in_is_recorded_with_their_recipient(lake: Settings) -> None:
    enrol(lake, "钱", 1, "office")
    assert [
        it.body["recipient"] for it in open_ledger(lake).events("person_enrolled")
    ] == ["office"]


@pytest.mark.parametrize("name", ["", "..", "a/b", "Office", "a" * 64])
def test_a_recipient_is_a_plain_name(lake: Settings, name: str) -> None:
    with pytest.raises(UsageError):
        enrol(lake, "钱", 1, name)


@pytest.mark.parametrize(("until", "served"), [(0, True), (-1, False), (9, True)])
def test_a_grant_is_served_until_its_day_is_over(
    lake: Settings, until: int, served: bool
) -> None:
    published(lake, "remarks", 2, grant="g1", until=day(until))
    assert names(lake) == (["remarks"] if served else [])


def test_a_withdrawn_grant_is_not_served_until_another_is_published(
    lake: Settings,
) -> None:
    withdrawn = {"grant": "g1", "officer": "甲"}
    open_ledger(lake).append("grant_withdrawn", "甲", "invented.remarks", withdrawn)
    assert names(lake) == [] and names(lake, "analysts") == ["people"]
    published(lake, "remarks", 2, grant="g2", until=day(1))
    assert names(lake) == ["remarks"]


def test_an_older_version_does_not_stand_in_for_one_that_is_over(
    lake: Settings,
) -> None:
    published(lake, "remarks", 2, grant="g2", until=day(-1))
    assert names(lake) == []


def test_a_link_ends_with_its_grant(lake: Settings) -> None:
    """Who asked yesterday, or a minute ago, holds links that are good for minutes."""
    client = TestClient(create_app(lake), client=("10.0.0.1", 1))
    token = enrol(lake, "读者", 1, "office")["bearerToken"]
    file = lake.layers.shared_table("office", "invented", "remarks") / "part.parquet"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"content")
    whose = sha256(token.encode()).hexdigest()
    terms = {"grant": "g1", "until": day(0)}
    held, late, other = (
        f"/files/{link(lake, file, whose, some)}/part.parquet"
        for some in (terms, {**terms, "until": day(-1)}, {})
    )
    assert client.get(held).content == client.get(other).content == b"content"
    assert client.get(late).status_code == 403
    body = {"grant": "g1", "officer": "甲"}
    open_ledger(lake).append("grant_withdrawn", "甲", "invented.remarks", body)
    assert client.get(held).status_code == 403
    published(lake, "remarks", version=2, grant="g2", until=day(0))
    assert client.get(held).status_code == 403, "a narrower grant brings no link back"
