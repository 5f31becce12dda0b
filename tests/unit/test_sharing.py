"""The sharing service: which version, for whom, how often, and what it writes down."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable, write_deltalake
from fastapi.testclient import TestClient

from audit.files_digest import files_digest
from audit.ledger import Ledger, init_ledger, open_ledger
from lake_config.errors import LedgerUnwritable, StoreUnavailable
from lake_config.settings import Settings
from sharing import database, links, throttle
from sharing.app import ROUTES, SharingService, create_app
from sharing.people import enrol, revoke
from sharing.throttle import Throttle
from storage.file_facts import facts_of
from storage.local_folders import LocalFolders

BASE = "/delta-sharing"
TABLES = f"{BASE}/shares/suihua/all-tables"
QUERY = f"{BASE}/shares/suihua/schemas/invented/tables/people/query"


@pytest.fixture
def lake(settings: Settings) -> Settings:
    """One table with three versions; receipts name the last two, in the wrong order."""
    init_ledger(settings)
    folder = settings.layers.shared_table("analysts", "invented", "people")
    for version in range(3):
        table = pa.table({"n": [version] * (version + 1)})
        write_deltalake(str(folder), table, mode="overwrite")
    for version in (2, 1):
        published(settings, version)
    return settings


def digest_of(settings: Settings, version: int) -> str:
    folder = settings.layers.shared_table("analysts", "invented", "people")
    uris = DeltaTable(str(folder), version=version).file_uris()
    store = LocalFolders(settings.layers)
    return files_digest([facts_of(store, folder / Path(uri).name) for uri in uris])


def published(settings: Settings, version: int) -> None:
    body = {
        "ok": True, "department": "invented", "table": "people", "attempt": "a",
        "date": "2026-03-02", "contract": "c", "rows": 1,
        "files_digest": digest_of(settings, version),
        "recipient": "analysts", "purpose": "statistics", "policy": "1",
        "version": version, "approvals": [],
    }  # fmt: skip
    open_ledger(settings).append("published", "jobs", "invented.people.d", body)


@pytest.fixture
def client(lake: Settings) -> Iterator[TestClient]:
    with TestClient(create_app(lake), client=("10.0.0.1", 1)) as found:
        yield found


@pytest.fixture
def hurried(lake: Settings, monkeypatch: pytest.MonkeyPatch) -> TestClient:
    """All its requests come in one moment, however slow this machine is."""
    monkeypatch.setattr("sharing.app.Throttle", lambda: Throttle(lambda: 0.0))
    return TestClient(
        create_app(lake), client=("10.0.0.1", 1), raise_server_exceptions=False
    )


def token_of(lake: Settings, name: str = "赵") -> dict[str, str]:
    return {"Authorization": f"Bearer {enrol(lake, name, 1)['bearerToken']}"}


def refusals(lake: Settings) -> list[dict[str, Any]]:
    events = open_ledger(lake).events()
    return [event.body for event in events if event.kind == "read_refused"]


def file_of(client: TestClient, who: dict[str, str]) -> str:
    """The path of the one link a query gives."""
    lines = client.post(QUERY, headers=who, json={}).text.splitlines()
    url = next(json.loads(line)["file"]["url"] for line in lines if '"file"' in line)
    return url.removeprefix("http://127.0.0.1:8765")


def test_the_greatest_published_version_is_served(
    lake: Settings, client: TestClient
) -> None:
    who = token_of(lake)
    answer = client.post(QUERY, headers=who, json={})
    assert answer.headers["Delta-Table-Version"] == "2"
    content = client.get(file_of(client, who)).content
    assert pq.read_table(pa.BufferReader(content)).num_rows == 3
    assert client.post(QUERY, headers=who, json={"version": 1}).status_code == 400


def test_a_commit_without_a_receipt_is_not_served(
    lake: Settings, client: TestClient
) -> None:
    folder = lake.layers.shared_table("analysts", "invented", "people")
    write_deltalake(str(folder), pa.table({"n": [9]}), mode="overwrite")
    answer = client.post(QUERY, headers=token_of(lake), json={})
    assert answer.headers["Delta-Table-Version"] == "2"


def test_links_end_when_their_person_is_revoked(
    lake: Settings, client: TestClient
) -> None:
    path = file_of(client, token_of(lake))
    assert client.get(path).status_code == 200
    revoke(lake, "赵")
    assert client.get(path).status_code == 403
    token_of(lake)
    assert client.get(path).status_code == 403, "a new token revives no old link"


def test_links_end_when_the_token_expires(lake: Settings, client: TestClient) -> None:
    path = file_of(client, token_of(lake))
    engine = database.engine_of(lake)
    [person] = database.people(engine)
    person.expires = datetime.now(UTC) - timedelta(seconds=1)
    database.save(engine, person)
    assert client.get(path).status_code == 403


def test_a_link_tells_nobody_s_name(lake: Settings, client: TestClient) -> None:
    path = file_of(client, token_of(lake))
    found = links.opened(lake, path.split("/")[2])
    assert found is not None
    assert found[1] == database.people(database.engine_of(lake))[0].token_digest


def test_who_lets_somebody_in_or_out_is_recorded(lake: Settings) -> None:
    token_of(lake, " 赵\u3000")
    revoke(lake, "赵")
    events = [item for item in open_ledger(lake).events() if "person_" in item.kind]
    assert [event.kind for event in events] == ["person_enrolled", "person_revoked"]
    assert {event.actor for event in events}.isdisjoint({"system", ""})
    assert {event.subject for event in events} == {"赵"}
    assert {event.body["role"] for event in events} == {"analyst"}


def test_addresses_are_throttled_before_anything_is_looked_at(
    hurried: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    codes = [hurried.get(TABLES).status_code for _ in range(throttle.PER_SECOND)]
    assert set(codes) == {401}
    monkeypatch.setattr(database, "holder", None)
    who = {"Authorization": "Bearer x"}
    assert hurried.get(TABLES, headers=who).status_code == 429
    assert hurried.post(QUERY, headers=who, content=b"{").status_code == 429
    other = TestClient(
        hurried.app, client=("10.0.0.2", 1), raise_server_exceptions=False
    )
    assert other.get(TABLES, headers=who).status_code == 500, "it was looked up"


def test_a_person_is_throttled_from_wherever_he_asks(
    lake: Settings, hurried: TestClient
) -> None:
    who = token_of(lake)
    others = [TestClient(hurried.app, client=(f"10.0.1.{n}", 1)) for n in range(3)]
    codes = [others[n % 3].get(TABLES, headers=who).status_code for n in range(30)]
    assert codes == [200] * throttle.PER_SECOND + [429] * 10


def test_links_are_not_throttled(lake: Settings, client: TestClient) -> None:
    """A client fetches all files of a large table at once; a link is proof enough."""
    path = file_of(client, token_of(lake))
    assert {client.get(path).status_code for _ in range(40)} == {200}


def test_the_throttle_counts_a_second_and_a_minute() -> None:
    now = [0.0]
    limit = Throttle(lambda: now[0])
    assert [limit.allows("a") for _ in range(21)] == [True] * 20 + [False]
    assert limit.allows("b")
    now[0] = 1.0
    assert limit.allows("a")
    for second in range(2, 40):
        now[0] = float(second)
        for _ in range(20):
            limit.allows("a")
    now[0] = 50.0
    assert not limit.allows("a"), "600 in this minute"
    assert limit.allows("b")
    now[0] = 60.0
    assert limit.allows("a")


def test_quiet_addresses_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttle, "MANY", 3)
    now = [0.0]
    limit = Throttle(lambda: now[0])
    for name in "abcd":
        assert limit.allows(name)
    now[0] = 61.0
    assert limit.allows("e")
    assert set(limit._times) == {"e"}


def test_repeated_refusals_are_one_event_with_their_number(lake: Settings) -> None:
    with TestClient(create_app(lake), client=("10.0.0.1", 1)) as client:
        for _ in range(15):
            assert client.get(TABLES).status_code == 401
        assert [body["count"] for body in refusals(lake)] == [1]
        TestClient(client.app, client=("10.0.0.2", 1)).get(TABLES)
        found = [(body["source"], body["count"]) for body in refusals(lake)]
        assert found == [("10.0.0.1", 1), ("10.0.0.2", 1)]
    assert [body["count"] for body in refusals(lake)] == [1, 1, 14]


def test_counts_wait_for_a_ledger_that_cannot_be_written(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    noted = SharingService(lake).refusals
    for _ in range(3):
        noted.note("?", "unauthenticated", "10.0.0.1")

    def unwritable(*_: object) -> None:
        raise LedgerUnwritable("full")

    with monkeypatch.context() as patch:
        patch.setattr(Ledger, "append", unwritable)
        with pytest.raises(LedgerUnwritable):
            noted.write_counts()
    noted.write_counts()
    assert [body["count"] for body in refusals(lake)] == [1, 2]
    noted.note("?", "unauthenticated", "10.0.0.1")
    assert [body["count"] for body in refusals(lake)] == [1, 2, 1]


def test_without_the_ledger_nothing_is_answered_but_that(
    lake: Settings, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unwritable(*_: object) -> None:
        raise LedgerUnwritable("full")

    who = token_of(lake)
    monkeypatch.setattr(Ledger, "append", unwritable)
    assert client.get(TABLES).status_code == 503
    assert client.post(QUERY, headers=who, json={}).status_code == 503


def test_without_the_store_it_is_the_store_that_is_named(
    lake: Settings, client: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def gone(*_: object) -> None:
        raise StoreUnavailable("gone")

    monkeypatch.setattr(LocalFolders, "table", gone)
    answer = client.post(QUERY, headers=token_of(lake), json={})
    assert answer.status_code == 503 and "数据存储" in answer.json()["message"]


def test_endpoints_read_files_off_the_event_loop() -> None:
    for _, _, name in ROUTES:
        assert not inspect.iscoroutinefunction(getattr(SharingService, name))
    assert not inspect.iscoroutinefunction(SharingService.file)


def test_a_query_is_judged_after_its_person_is_known(
    lake: Settings, client: TestClient
) -> None:
    bad = [b"[]", b"{", b"[" * 70_000, b"{}" + b" " * 70_000]
    assert {client.post(QUERY, content=body).status_code for body in bad} == {401}
    who = token_of(lake)
    codes = [client.post(QUERY, headers=who, content=body).status_code for body in bad]
    assert codes == [400, 400, 413, 413]
    history = {"startingVersion": 0}
    assert client.post(QUERY, headers=who, json=history).status_code == 400
