"""The store's own log held against the ledger: a read nobody recorded is found.

What a job reads is recorded when its step ends, well or badly; what the sharing service
reads is recorded before. Work the ledger knows of and the store's log does not is found
too: then somebody switched the log off, or lost a part of it.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from audit.events import Event
from audit.receipts import STEPS
from lake_config.duties import Duty

SKEW = timedelta(minutes=2)
"""The store's clock is not ours."""
STEP = timedelta(hours=4)
"""No step runs longer (jobs/step_limit.py): by then its end is recorded."""
LINK = timedelta(minutes=15)
"""No link to a published file holds longer (LAKE_LINK_SECONDS)."""
ENDS = (*STEPS, "failed")
RECORDED: Mapping[str, tuple[tuple[str, ...], timedelta, timedelta]] = {
    Duty.COLLECTOR: ((*ENDS, "redelivery_accepted"), SKEW, STEP),
    Duty.MASKER: (
        (*ENDS, "quarantine_listed", "quarantine_returned", "class_proposed"),
        SKEW,
        STEP,
    ),
    Duty.PUBLISHER: (ENDS, SKEW, STEP),
    Duty.RETENTION: (("deletion_ordered", "deletion_done"), STEP, STEP),
    Duty.SHARING: (("read",), LINK + SKEW, SKEW),
}
"""Duty to the kinds of events that speak of its reads, how long before a read they may
stand, and how long after."""
STRANGER, GAP = "stranger", "store_log_gap"
WORDS = {
    STRANGER: "非职责账号读取了数据",
    GAP: "账本有记录，存储日志里没有任何访问",
}


@dataclass(frozen=True, slots=True)
class Access:
    """One request that the store granted; `duty` is empty for an account of no duty.

    `about` is the ledger's subject: a batch, or in the shared zone the table. `read`: the
    answer held rows.
    """

    time: datetime
    duty: str
    department: str
    table: str
    about: str
    read: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """So many times on one day; `what` is the kind of the alert."""

    day: str
    department: str
    table: str
    what: str
    count: int

    @property
    def words(self) -> str:
        detail = self.what.partition(":")[2] or self.what
        return WORDS.get(detail, f"职责 {detail} 的读取没有入账")


Times = Mapping[tuple[str, str], Sequence[datetime]]


def times_of(events: Iterable[Event]) -> Times:
    """When each kind of event was recorded, about each batch and about each table."""
    found: dict[tuple[str, str], list[datetime]] = defaultdict(list)
    for event in events:
        moment = datetime.fromisoformat(event.time)
        for about in {event.subject, _table_of(event.subject)}:
            found[event.kind, about].append(moment)
    return {key: sorted(times) for key, times in found.items()}


def _table_of(subject: str) -> str:
    return ".".join(subject.split(".")[:2])


def findings(
    accesses: Sequence[Access], recorded: Times, now: datetime
) -> list[Finding]:
    """What does not fit; a step that may still be at work is left for the next time."""
    missing = Counter(
        (
            f"{access.time:%Y-%m-%d}",
            access.department,
            access.table,
            f"unrecorded_read:{access.duty or STRANGER}",
        )
        for access in accesses
        if access.read and not _accounted(access, recorded, now)
    )
    missing.update(_gaps(accesses, recorded, now))
    return [Finding(*key, count) for key, count in sorted(missing.items())]


def _accounted(access: Access, recorded: Times, now: datetime) -> bool:
    if access.duty not in RECORDED:
        return False
    kinds, before, after = RECORDED[access.duty]
    since, until = access.time - before, access.time + after
    return now < until or any(
        bisect_right(times, until) > bisect_left(times, since)
        for times in _times(access, kinds, recorded)
    )


def _times(
    access: Access, kinds: Iterable[str], recorded: Times
) -> Iterator[Sequence[datetime]]:
    """A failure may be told of all tables of a department together."""
    day = access.about.split(".")[2:]
    everything = ".".join((access.department, "*", *day))
    for kind in kinds:
        for subject in (access.about, everything):
            yield recorded.get((kind, subject), ())


def _gaps(
    accesses: Iterable[Access], recorded: Times, now: datetime
) -> Iterator[tuple[str, str, str, str]]:
    """Batches that were collected or published without one request in the store's log."""
    seen = {access.about for access in accesses}
    for (kind, subject), times in recorded.items():
        done = kind in ("collected", "published") and times[-1] < now - STEP
        if done and subject.count(".") == 2 and subject not in seen:
            department, table, _ = subject.split(".")
            yield f"{times[-1]:%Y-%m-%d}", department, table, GAP
