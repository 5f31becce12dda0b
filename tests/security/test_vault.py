"""The vault: nothing unless switched on, one token for two officers, gone with the key."""

from __future__ import annotations

import sqlite3
import stat
from dataclasses import replace

import pytest
from deltalake import DeltaTable

from audit.ledger import open_ledger
from jobs.context import Job
from jobs.mask import mask_batch
from jobs.vault import reveal, warrant_to_reveal
from lake_config.errors import KeyUnavailable, NotSigned, UsageError
from lake_config.settings import Settings
from privacy.key_changes import destroy, rotate, warrant_to_destroy
from privacy.keys import key_id, own_scope
from privacy.warrants import sign_warrant
from tests.lib.gated_batch import DAY, INVENTED, gated, new_lake, people
from tests.lib.keyed_lake import both_sign, with_officers

SCOPE = own_scope("analysts", "statistics", "invented")
REASON = "(2026)黑12刑初7号"


@pytest.fixture
def lake(settings: Settings) -> Settings:
    kept = replace(settings, vault=True)
    new_lake(kept, INVENTED)
    with_officers(kept)
    return kept


def masked(lake: Settings, count: int, start: int = 0, days: int = 0) -> Job:
    day = DAY.replace(day=DAY.day + days)
    job, before = gated(lake, INVENTED, "people", people(count, start), day=day)
    mask_batch(job, before)
    return job


def token_of(job: Job, number: int) -> str:
    staged = job.layers.staging
    (log,) = staged.rglob("_delta_log")
    rows = DeltaTable(str(log.parent)).to_pyarrow_table().to_pylist()
    return next(row["identity_no"] for row in rows if row["times"] == number)


def opened(lake: Settings, token: str) -> str:
    both_sign(lake, warrant_to_reveal(lake, open_ledger(lake), token, REASON))
    return reveal(lake, open_ledger(lake), token, REASON, "tests")


def rows_in(lake: Settings, version: int = 1) -> list[tuple[str, bytes]]:
    with sqlite3.connect(lake.layers.vault(SCOPE, version)) as vault:
        return list(vault.execute("select token, value from sealed"))


def test_without_the_setting_nothing_is_kept_and_nothing_revealed(
    settings: Settings,
) -> None:
    new_lake(settings, INVENTED)
    job = masked(settings, 5)
    assert not settings.layers.vaults.exists()
    receipt = next(job.ledger.newest("masked", job.batch))
    assert "vaulted" not in receipt.body
    with pytest.raises(UsageError, match="LAKE_VAULT"):
        reveal(settings, open_ledger(settings), "t", REASON, "tests")


def test_each_person_is_kept_once_and_sealed(lake: Settings) -> None:
    job = masked(lake, 20)
    assert next(job.ledger.newest("masked", job.batch)).body["vaulted"] == 20
    job = masked(lake, 25, start=5, days=1)
    assert next(job.ledger.newest("masked", job.batch)).body["vaulted"] == 10
    rows = rows_in(lake)
    numbers = [row["identity_no"].encode() for row in people(30)]
    assert len(rows) == 30
    assert not any(number in value for _, value in rows for number in numbers)
    path = lake.layers.vault(SCOPE, 1)
    assert not any(number in path.read_bytes() for number in numbers)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_two_officers_open_it_for_one_token_once(lake: Settings) -> None:
    job = masked(lake, 9)
    token, other = token_of(job, 4), token_of(job, 5)
    with pytest.raises(NotSigned):
        reveal(lake, job.ledger, token, REASON, "tests")
    sign_warrant(
        lake, job.ledger, "甲", warrant_to_reveal(lake, job.ledger, token, REASON)
    )
    with pytest.raises(NotSigned, match="已有 1 人"):
        reveal(lake, job.ledger, token, REASON, "tests")
    assert opened(lake, token) == people(9)[4]["identity_no"]
    for again in ((token, REASON), (other, REASON), (token, "另一个事由")):
        with pytest.raises(NotSigned):
            reveal(lake, job.ledger, *again, "tests")


def test_every_opening_is_in_the_ledger_and_says_nothing_of_whom(
    lake: Settings,
) -> None:
    job = masked(lake, 5)
    token = token_of(job, 1)
    opened(lake, token)
    used, event = list(job.ledger.events())[-2:]
    assert (used.kind, event.kind) == ("key_used", "vault_opened")
    vault_key = key_id("analysts", "statistics", "invented", "vault")
    assert used.body["key_ids"] == event.body["key_ids"] == [vault_key]
    text = b"".join(it.line() for it in job.ledger.events()).decode()
    for secret in (token, people(3)[1]["identity_no"], REASON):
        assert secret not in text


def test_what_cannot_be_recorded_is_not_shown(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = token_of(masked(lake, 5), 1)
    ledger = open_ledger(lake)
    both_sign(lake, warrant_to_reveal(lake, ledger, token, REASON))
    seen = []
    monkeypatch.setattr("jobs.vault.unseal", lambda *given: seen.append(given))
    lake.layers.ledger_head.unlink()
    with pytest.raises(Exception, match="账本"):
        reveal(lake, ledger, token, REASON, "tests")
    assert seen == []


def test_a_token_that_is_not_kept_is_told_and_uses_no_warrant(lake: Settings) -> None:
    masked(lake, 5)
    for _ in range(2):
        with pytest.raises(UsageError, match="没有保存"):
            opened(lake, "g" * 32)


def test_the_vault_ends_with_its_key_and_not_before(lake: Settings) -> None:
    job = masked(lake, 5)
    token = token_of(job, 1)
    rotate(lake, job.ledger, SCOPE, "tests")
    assert opened(lake, token) == people(3)[1]["identity_no"]
    kept = lake.layers.vault(SCOPE, 1).read_bytes()
    both_sign(lake, warrant_to_destroy(job.ledger, SCOPE, 1))
    destroy(lake, job.ledger, SCOPE, 1, "tests")
    with pytest.raises(UsageError, match="没有保存"):
        opened(lake, token)
    lake.layers.vault(SCOPE, 1).write_bytes(kept)
    with pytest.raises(UsageError, match="没有保存"):
        opened(lake, token)


def test_a_vault_that_was_changed_opens_for_nobody(lake: Settings) -> None:
    """Another person's sealed value behind a token is no answer."""
    job = masked(lake, 5)
    one, other = token_of(job, 1), token_of(job, 2)
    with sqlite3.connect(lake.layers.vault(SCOPE, 1)) as vault:
        vault.execute(
            "update sealed set value = (select value from sealed where token = ?) "
            "where token = ?",
            (other, one),
        )
    with pytest.raises(KeyUnavailable):
        opened(lake, one)


def test_with_the_other_cryptography(lake: Settings) -> None:
    aes = replace(lake, cryptography="international")
    job = masked(aes, 5)
    assert opened(aes, token_of(job, 2)) == people(3)[2]["identity_no"]
    assert any(
        ";c=vault;a=sha256;v=1" in name
        for event in job.ledger.events("key_used")
        for name in event.body["key_ids"]
    )
