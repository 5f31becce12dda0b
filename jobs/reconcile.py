"""Reconcile: what lies in raw must be what the source says it handed over."""

from __future__ import annotations

import json

from audit.receipts import find
from jobs.committed_rows import no_cell_told
from jobs.committed_totals import committed_totals
from jobs.context import Job
from jobs.control_totals import ROW_SUM, Totals
from jobs.steps import Collected, Reconciled
from lake_config.errors import ControlTotalsDiffer, NothingToDo, TableDamaged
from privacy.keys import ledger_digest

Check = dict[str, object]
FILES_DAMAGED: Check = {"check": "committed_files", "ok": False}
KEPT_TOTALS_CHANGED: Check = {"check": "kept_totals", "ok": False}
"""Of both: the attempt counts no more, so that the next run collects anew."""


def reconcile(job: Job, collected: Collected) -> Reconciled:
    """Compare counts and checksums read back from the attempt's committed files."""
    _refuse_if_done(job, collected)
    source = _kept_totals(job, collected)
    rows, checks = collected.body["collected_rows"], [KEPT_TOTALS_CHANGED]
    if source is not None:
        rows, checks = _compared(job, collected, source)
    ok = all(check["ok"] for check in checks)

    def still_mine() -> None:
        collected.still_counts(job)
        _refuse_if_done(job, collected)

    body = job.record(
        "reconciled",
        collected.attempt,
        ok,
        unless=still_mine,
        rows=rows,
        checks=checks,
    )
    if not ok:
        _refuse(job, checks)
    return Reconciled(collected.attempt, body)


def _refuse_if_done(job: Job, collected: Collected) -> None:
    done = find(job.ledger, "reconciled", job.batch)
    if done and done.ok and done.body["attempt"] == collected.attempt:
        raise NothingToDo(f"{job.batch}：已核对。")


def _compared(
    job: Job, collected: Collected, source: Totals
) -> tuple[int, list[Check]]:
    """Rows and verdicts, over the committed files."""
    try:
        with no_cell_told(job):
            raw = collected.raw(job)
            lake = committed_totals(job.store, raw, job.table, source.sums)
    except TableDamaged:
        return collected.body["collected_rows"], [FILES_DAMAGED]
    return lake.rows, _checks(job, source, lake)


def _kept_totals(job: Job, collected: Collected) -> Totals | None:
    """The source's totals as they lie in raw; None unless the receipt vouches for them."""
    path = job.layers.control_totals(collected.raw(job))
    try:
        kept = json.loads(job.store.read(path))
        sums = {name: int(value) for name, value in kept["sums"].items()}
        totals = Totals(int(kept["rows"]), sums)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
    return totals if _digest(job, totals) == collected.body["digests"] else None


def _checks(job: Job, source: Totals, lake: Totals) -> list[Check]:
    """The verdicts, and a digest of what each side said."""
    checks = compare(source, lake)
    ok = all(check["ok"] for check in checks)
    sides = {"source": source, "lake": lake}
    digests: list[Check] = [
        {"check": side, "ok": ok, "digest": _digest(job, totals)}
        for side, totals in sides.items()
    ]
    return [*checks, *digests]


def compare(source: Totals, lake: Totals) -> list[Check]:
    """One verdict for the rows, one for the whole-row checksum, one per column."""
    names = sorted(source.sums, key=lambda name: (name != ROW_SUM, name))
    sums = [
        {"check": name, "ok": source.sums[name] == lake.sums.get(name)}
        for name in names
    ]
    return [{"check": "rows", "ok": source.rows == lake.rows}, *sums]


def _digest(job: Job, totals: Totals) -> str:
    return ledger_digest(job.settings, totals.text())


def _refuse(job: Job, checks: list[Check]) -> None:
    wrong = [
        str(check["check"])
        for check in checks
        if not check["ok"] and "digest" not in check
    ]
    raise ControlTotalsDiffer(
        f"{job.batch}：与源端的控制总数不符（{'、'.join(wrong)}）。本次作废，"
        "已发布的版本不受影响。请与数源部门核对后重新归集。"
    )
