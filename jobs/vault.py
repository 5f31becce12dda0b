"""The vault: sealed identity numbers behind their tokens, so that a lawful request can be
answered; off unless LAKE_VAULT says on.

One file per scope and version, sealed value by value under a key that ends with the
version. It is opened for one token at a time, by two officers' warrant, and the ledger
has each opening before anybody sees the value.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pyarrow as pa

from audit.ledger import Ledger
from jobs.committed_rows import no_cell_told
from jobs.context import Job
from jobs.key_use import record_key_use
from jobs.published_value import published_value
from lake_config.errors import UsageError
from lake_config.settings import Settings, write_private
from privacy.envelope import seal, unseal
from privacy.key_states import scopes, versions
from privacy.keys import KeyName, key, ledger_digest, parsed
from privacy.mask_frame import cells_behind, key_name, tokens_told
from privacy.risk.decide import Decision
from privacy.scopes import Scope
from privacy.tokens import normalised
from privacy.warrants import REVEAL, Warrant, open_warrant, require_warrant
from quality.frames import collected

KEPT = "identity_number"
CLASS = "vault"
ABOUT = "vault"
"""What warrants to open it, and their openings, are about."""
TABLE = (
    "create table if not exists sealed (token text primary key, value blob not null)"
)
ASKED = "create temp table if not exists asked (token text primary key)"
FRESH = "select token from asked where token not in (select token from sealed)"


def identities_kept(
    job: Job, scope: Scope, rows: Iterable[Any], decision: Decision | None
) -> dict[str, Any]:
    """Keep what stands behind this batch's tokens; for the receipt, how many were new.

    `rows`: the accepted rows, in pieces; `decision`: where it has tokens change by month,
    each of them leads back, and where it takes them away nothing is kept."""
    told = tokens_told(job.table, scope, decision)
    columns = [it for it in told if it.semantic_type == KEPT]
    if not job.settings.vault or not columns:
        return {}
    name = parsed(key_name(columns[0], scope)).of_class(CLASS)
    record_key_use(job, job.batch, [str(name)], scope.purpose, retired=True)
    path = job.layers.vault(name.scope, name.version)
    about = (job.table, scope, job.settings, published_value, decision)
    with closing(_opened(path)) as vault, no_cell_told(job, "身份密封"):
        return {
            "vaulted": sum(
                _added(vault, job.settings, name, _pairs(cells))
                for piece in rows
                for column in columns
                for cells in [collected(cells_behind(piece, column, *about))]
            )
        }


def warrant_to_reveal(
    settings: Settings, ledger: Ledger, token: str, reason: str
) -> Warrant:
    """For one named token and one reason; the ledger holds neither, only keyed digests."""
    if not settings.vault:
        raise UsageError("没有启用身份还原（LAKE_VAULT=on），令牌不能还原。")
    facts = {
        "token_digest": ledger_digest(settings, token),
        "reason_digest": ledger_digest(settings, reason),
    }
    return open_warrant(ledger, REVEAL, ABOUT, facts)


def reveal(
    settings: Settings, ledger: Ledger, token: str, reason: str, actor: str
) -> str:
    """The identity number behind a token. NotSigned without two officers' warrant."""
    warrant = warrant_to_reveal(settings, ledger, token, reason)
    require_warrant(settings, ledger, warrant)
    name, sealed = _found(settings, ledger, token)
    ids = [str(name)]
    ledger.append("key_used", actor, ABOUT, {"key_ids": ids, "purpose": REVEAL})
    secret = key(settings, str(name), retired=True)
    body = {"key_ids": ids, "warrant": warrant.digest, **warrant.facts}
    ledger.append(
        "vault_opened",
        actor,
        ABOUT,
        body,
        unless=lambda: require_warrant(settings, ledger, warrant),
    )
    return unseal(secret, name.algorithm, sealed, f"{name} {token}").decode()


def _found(settings: Settings, ledger: Ledger, token: str) -> tuple[KeyName, bytes]:
    for scope in scopes(ledger):
        for version in versions(ledger, scope).values():
            path = settings.layers.vault(scope, version.number)
            if version.live and path.exists():
                with closing(_opened(path)) as vault:
                    row = vault.execute(
                        "select value from sealed where token = ?", (token,)
                    ).fetchone()
                if row:
                    name = KeyName(scope, CLASS, version.algorithm, version.number)
                    return name, row[0]
    raise UsageError(
        "没有保存这个令牌背后的身份：令牌有误，脱敏时没有启用身份还原，或密钥已销毁。"
    )


def _opened(path: Path) -> sqlite3.Connection:
    if not path.exists():
        write_private(path, b"")
    vault = sqlite3.connect(path, timeout=60)
    vault.execute(TABLE)
    vault.execute(ASKED)
    return vault


def _pairs(cells: Any) -> dict[str, str]:
    """Token to the number it stands for, one for each distinct number."""
    numbers = normalised(pa.array(cells["cell"].to_list(), pa.string()), KEPT)
    return dict(zip(cells["token"].to_list(), numbers.to_pylist(), strict=True))


def _added(
    vault: sqlite3.Connection,
    settings: Settings,
    name: KeyName,
    pairs: Mapping[str, str],
) -> int:
    """Seal what is not there yet; a number is sealed once, however often it comes."""
    secret = key(settings, str(name), retired=True)
    with vault:
        vault.execute("delete from asked")
        vault.executemany("insert into asked values (?)", ((it,) for it in pairs))
        fresh = [token for (token,) in vault.execute(FRESH)]
        vault.executemany(
            "insert or ignore into sealed values (?, ?)",
            (
                (it, seal(secret, name.algorithm, pairs[it].encode(), f"{name} {it}"))
                for it in fresh
            ),
        )
    return len(fresh)
