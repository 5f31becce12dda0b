"""At publication: what tells a new version from the one people hold, told as a count.

Only counts leave this module; the tokens that are compared are those readers have.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import polars as pl

from jobs.committed_rows import committed_rows
from jobs.context import Job
from jobs.delta_files import files_added
from jobs.risk_gate import published_risk
from jobs.steps import Masked
from jobs.turn import published_now
from lake_config.contract import Column
from lake_config.errors import JobFailed, TooFewChanged
from privacy.column_treatment import treatment_of
from privacy.policy import TOKEN
from privacy.risk.difference import Difference, difference
from privacy.risk.events import changes_with
from privacy.risk.rules import DROPPED, WAITS_FOR_ENOUGH
from storage.store import Store


def compared(job: Job, masked: Masked) -> dict[str, Any]:
    """For the receipt; nothing where there is no version that is told in the same way.

    TooFewChanged where the policy has a version wait until enough people differ.
    """
    told, before = masked.body["risk"], published_risk(job)
    who = _lasting(job, told)
    if not before or who is None or _way(told) != _way(before):
        return {}
    keys = [name for name, how in told["levels"].items() if how != DROPPED]
    found = _counted(job, masked, who.name, keys, told["at_least"])
    if WAITS_FOR_ENOUGH and found.small(told["at_least"]):
        raise TooFewChanged(
            f"{job.batch}：与已发布的版本只相差 {found.came + found.went} 人，少于"
            f" {told['at_least']} 人，同时持有两版的人能认出他们。已发布的版本保持不变，"
            "待以后的交付累积到足够人数再发布，无需操作。"
        )
    return {"difference": found.body(told["at_least"])}


def _way(told: Mapping[str, Any]) -> tuple[Any, Any]:
    return told["levels"], told["tokens"]


def _lasting(job: Job, told: Mapping[str, Any]) -> Column | None:
    """The person's token where it is the same in all rows, else that of the row."""
    if not told:
        return None
    key = job.table.primary_key
    columns = [job.table.column(name) for name in (*told["persons"], *key)]
    lasting = (it for it in columns if not changes_with(told["tokens"], it, key))
    tokens = (it for it in lasting if treatment_of(it, job.purpose) == TOKEN)
    return next(tokens, None)


def _counted(
    job: Job, masked: Masked, who: str, keys: list[str], at_least: int
) -> Difference:
    staged = job.settings.home / masked.body["staged"]
    newest = published_now(job)
    table = job.layers.shared_table(
        job.recipient, job.contract.department, job.table.name
    )
    try:
        now = committed_rows(job.publishing, staged)
        version = int(newest.body["version"]) if newest else 0
        before = version_rows(job.publishing, table, version)
        return difference(before, now, who, keys, at_least)
    except (pl.exceptions.PolarsError, OSError) as error:
        kind = type(error).__name__
        raise JobFailed(
            f"{job.batch}：与已发布版本的比较中断（{kind}），稍后重试。"
        ) from None


def version_rows(store: Store, table: Path, version: int) -> pl.LazyFrame:
    """The rows one version brought in; each of ours brings in all of its own."""
    files = [store.address(table / name) for name in files_added(store, table, version)]
    options = store.options(table) or None
    return pl.scan_parquet(sorted(files), glob=False, storage_options=options)
