"""Reconcile: what lies in raw must be what the source says it handed over."""

from __future__ import annotations

import json

from audit.receipts import find
from jobs.context import Job
from jobs.control_totals import ROW_SUM, Totals, spark_totals
from jobs.steps import Collected, Reconciled
from lake_config.errors import ControlTotalsDiffer, NothingToDo
from privacy.keys import ledger_digest

Check = dict[str, object]


def reconcile(job: Job, collected: Collected) -> Reconciled:
    """Compare counts and checksums read back from the committed attempt."""
    done = find(job.ledger, "reconciled", job.batch)
    if done and done.ok and done.body["attempt"] == collected.attempt:
        raise NothingToDo(f"{job.batch}：已核对。")
    path = collected.raw(job)
    kept = json.loads(job.layers.control_totals(path).read_text("utf-8"))
    source = Totals(
        kept["rows"], {name: int(value) for name, value in kept["sums"].items()}
    )
    frame = job.spark.read.format("delta").load(str(path))
    lake = spark_totals(frame, job.table, source.sums)
    checks = compare(source, lake)
    ok = all(check["ok"] for check in checks)
    body = job.record(
        "reconciled",
        collected.attempt,
        ok,
        rows=lake.rows,
        checks=[
            *checks,
            {"check": "source", "ok": ok, "digest": _digest(job, source)},
            {"check": "lake", "ok": ok, "digest": _digest(job, lake)},
        ],
    )
    if not ok:
        _refuse(job, checks)
    return Reconciled(collected.attempt, body)


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
    wrong = [str(check["check"]) for check in checks if not check["ok"]]
    raise ControlTotalsDiffer(
        f"{job.batch}：与源端的控制总数不符（{'、'.join(wrong)}）。本次作废，"
        "已发布的版本不受影响。请与数源部门核对后重新归集。"
    )
