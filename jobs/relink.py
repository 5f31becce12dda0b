"""Re-link tables: from a recipient's old tokens to the new ones, after a rotation.

Made only under two officers' warrant, of what was last published under the old version, and
kept sealed under a key of that version until an end date: whoever destroys the old version
has destroyed every copy of the table. Tokens only; no value stands in it, and none of a
column whose tokens the risk gate had changed by month or taken away.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from audit.events import Event
from audit.ledger import Ledger
from jobs.accepted import accepted
from jobs.committed_rows import no_cell_told
from jobs.context import Job
from jobs.lasting_tokens import Linked, linkable, never_published
from jobs.steps import Gated
from lake_config.calendar import city_today
from lake_config.contract import Contract
from lake_config.errors import NothingToDo, UsageError
from lake_config.settings import Settings, write_private
from privacy.envelope import seal, unseal
from privacy.key_changes import erase, key_lock
from privacy.key_states import CURRENT, RETIRED, Version, scopes, versions
from privacy.keys import Mac, key, key_id_in, prepared_mac
from privacy.tokens import normalised, tokens
from privacy.warrants import RELINK, Warrant, open_warrant, require_warrant
from quality.frames import collected
from quality.suite import rules_for

CLASS = "relink"
PAIRS = pa.schema([("class", pa.string()), ("old", pa.string()), ("new", pa.string())])


@dataclass(frozen=True, slots=True)
class Rotation:
    """The two live versions of one scope."""

    scope: str
    old: Version
    new: Version

    @property
    def seal_key(self) -> str:
        """Of the old version: the table ends with it."""
        return key_id_in(self.scope, CLASS, self.old)

    @property
    def numbers(self) -> dict[str, int]:
        return {"old": self.old.number, "new": self.new.number}

    def path(self, settings: Settings) -> Path:
        return settings.layers.relink(self.scope, self.old.number, self.new.number)

    def macs(self, settings: Settings, key_class: str) -> tuple[Mac, Mac]:
        old, new = (
            prepared_mac(
                key(settings, key_id_in(self.scope, key_class, it), retired=True),
                it.algorithm,
            )
            for it in (self.old, self.new)
        )
        return old, new


def rotation_of(ledger: Ledger, scope: str) -> Rotation:
    """UsageError where no old version is live beside a current one."""
    states = {it.state: it for it in versions(ledger, scope).values()}
    if not {CURRENT, RETIRED} <= states.keys():
        raise UsageError(
            f"{scope} 没有并存的两版密钥，无从重关联。请先执行 ./lake keys rotate。"
        )
    return Rotation(scope, states[RETIRED], states[CURRENT])


def warrant_to_relink(ledger: Ledger, rotation: Rotation, days: int) -> Warrant:
    facts = {**rotation.numbers, "days": days}
    return open_warrant(ledger, RELINK, rotation.scope, facts)


def relink(
    settings: Settings,
    ledger: Ledger,
    contracts: Iterable[Contract],
    rotation: Rotation,
    days: int,
    actor: str,
) -> int:
    """Make the table; its rows. NothingToDo when it is there already, NotSigned without
    two officers' warrant for exactly this.

    Run again after a kill it begins anew: a file without its event opens for nobody.
    """
    if made := _in_force(settings, ledger, rotation):
        raise NothingToDo(
            f"{rotation.scope} 的重关联表已生成，{made.body['until']} 到期，没有改动。"
        )
    linked = linkable(ledger, contracts, rotation.scope, rotation.old.number)
    warrant = warrant_to_relink(ledger, rotation, days)
    require_warrant(settings, ledger, warrant)
    pairs = _pairs(settings, ledger, linked, rotation, actor)
    if not pairs.num_rows:
        raise never_published(rotation.scope, rotation.old.number)
    content = BytesIO()
    pq.write_table(pairs, content, compression="zstd")
    until = city_today() + timedelta(days=days)
    with key_lock(settings):
        _told(ledger, actor, rotation.scope, [rotation.seal_key])
        secret = key(settings, rotation.seal_key, retired=True)
        sealed = seal(
            secret, rotation.old.algorithm, content.getvalue(), _about(rotation)
        )
        write_private(rotation.path(settings), sealed)
        body = {
            **rotation.numbers,
            "rows": pairs.num_rows,
            "until": until.isoformat(),
            "warrant": warrant.digest,
        }
        ledger.append(
            "relinked",
            actor,
            rotation.scope,
            body,
            unless=lambda: require_warrant(settings, ledger, warrant),
        )
    return pairs.num_rows


def hand_over(
    settings: Settings, ledger: Ledger, rotation: Rotation, target: Path, actor: str
) -> int:
    """The table in plain Parquet for its recipient, recorded before it is written."""
    made = _in_force(settings, ledger, rotation)
    if made is None:
        raise UsageError(f"{rotation.scope} 没有在期限内的重关联表，请先经批准生成。")
    if target.exists():
        raise UsageError(f"{target} 已存在，不会覆盖。请换一个文件名。")
    _told(ledger, actor, rotation.scope, [rotation.seal_key])
    secret = key(settings, rotation.seal_key, retired=True)
    sealed = rotation.path(settings).read_bytes()
    content = unseal(secret, rotation.old.algorithm, sealed, _about(rotation))
    facts = {name: made.body[name] for name in ("old", "new", "rows", "until")}
    ledger.append("relink_handed", actor, rotation.scope, facts)
    write_private(target, content)
    return int(made.body["rows"])


def _told(ledger: Ledger, actor: str, about: str, ids: list[str]) -> None:
    """Recorded before the first use."""
    ledger.append("key_used", actor, about, {"key_ids": ids, "purpose": RELINK})


def end_relinks(settings: Settings, ledger: Ledger, today: date, actor: str) -> int:
    """Erase tables past their day, and files that no event vouches for; how many."""
    ended = 0
    with key_lock(settings):
        for scope in scopes(ledger):
            kept = set()
            for event in _unended(ledger, scope):
                path = _path(settings, event)
                if event.body["until"] >= today.isoformat():
                    kept.add(path)
                    continue
                erase([path] if path.exists() else [])
                facts = {name: event.body[name] for name in ("old", "new", "until")}
                ledger.append("relink_ended", actor, scope, facts)
                ended += 1
            erase(set(settings.layers.relinks(scope).glob("*")) - kept)
    return ended


def _unended(ledger: Ledger, scope: str) -> list[Event]:
    def place(event: Event) -> tuple[int, int, str]:
        return event.body["old"], event.body["new"], event.body["until"]

    over = {place(event) for event in ledger.newest("relink_ended", scope)}
    made = {place(event): event for event in ledger.newest("relinked", scope)}
    return [event for where, event in made.items() if where not in over]


def _in_force(settings: Settings, ledger: Ledger, rotation: Rotation) -> Event | None:
    for event in _unended(ledger, rotation.scope):
        mine = rotation.numbers.items() <= event.body.items()
        due = event.body["until"] < city_today().isoformat()
        if mine and not due and _path(settings, event).exists():
            return event
    return None


def _path(settings: Settings, event: Event) -> Path:
    return settings.layers.relink(event.subject, event.body["old"], event.body["new"])


def _about(rotation: Rotation) -> str:
    return f"{rotation.scope} {rotation.old.number}-{rotation.new.number}"


def _pairs(
    settings: Settings,
    ledger: Ledger,
    linked: Iterable[Linked],
    rotation: Rotation,
    actor: str,
) -> pa.Table:
    """class, old, new: one row for each distinct value, in the order of the new tokens."""
    found = [PAIRS.empty_table()]
    for one in linked:
        found += _pairs_of(settings, ledger, one, rotation, actor)
    distinct = pa.concat_tables(found).group_by(PAIRS.names).aggregate([])
    return distinct.select(PAIRS.names).sort_by(
        [("class", "ascending"), ("new", "ascending")]
    )


def _pairs_of(
    settings: Settings, ledger: Ledger, of: Linked, rotation: Rotation, actor: str
) -> Iterator[pa.Table]:
    job = Job(settings, of.contract, of.table, of.day, "relink")
    gated = Gated.load(job)
    classes = sorted({column.semantic_type for column in of.columns})
    ids = [
        key_id_in(rotation.scope, name, version)
        for name in classes
        for version in (rotation.old, rotation.new)
    ]
    _told(ledger, actor, job.batch, ids)
    macs = {name: rotation.macs(settings, name) for name in classes}
    with no_cell_told(job, "重关联"):
        for piece in accepted(job, gated, rules_for(of.contract, of.table)):
            for column in of.columns:
                cells = collected(piece.select(column.name).unique()).to_series()
                kind = column.semantic_type
                yield _both(cells.to_list(), kind, macs[kind])


def _both(cells: list[Any], kind: str, macs: tuple[Mac, Mac]) -> pa.Table:
    texts = pa.array([None if it is None else str(it) for it in cells], pa.string())
    values = normalised(texts, kind).drop_null().unique()
    old, new = (tokens(values, mac, kind) for mac in macs)
    kinds = pa.array([kind] * len(values), pa.string())
    return pa.table([kinds, old.cast(pa.string()), new.cast(pa.string())], PAIRS)
