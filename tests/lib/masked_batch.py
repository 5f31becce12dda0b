"""A batch that is masked and waits to be published, made without Spark, in any store."""

from __future__ import annotations

from datetime import date
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import Schema
from deltalake.transaction import AddAction, create_table_with_add_actions

from audit.events import KINDS
from audit.files_digest import files_digest
from jobs.context import Job
from jobs.delta_files import files_of
from jobs.scanned import keep_list
from jobs.steps import Masked
from jobs.turn import place_of, published_now
from lake_config.settings import Settings
from privacy.classify import RULES
from privacy.policy import POLICY_VERSION
from tests.lib.quality_cases import column, contract, table

PEOPLE = table("people", [column("number")])
CONTRACT = contract(PEOPLE)
BATCH = set("ok department table date contract attempt".split())
SCHEMA = pa.schema([("number", pa.int64())])


def batch(settings: Settings, day: date) -> Job:
    return Job(settings, CONTRACT, PEOPLE, day, "release")


def record(job: Job, kind: str, **facts: Any) -> dict[str, Any]:
    blank = dict.fromkeys(KINDS[kind] - BATCH)
    return job.record(kind, "a", True, **{**blank, **facts})


def staged(job: Job, count: int, replay: str = "") -> Masked:
    """`count` files of one row each in staging, as `mask` leaves them."""
    about = {"replay": replay} if replay else {}
    for kind in ("collected", "reconciled"):
        record(job, kind)
    record(job, "gated", compared_with=place_of(published_now(job)), **about)
    facts = (job.contract.department, job.table.name, job.date, "a")
    folder = job.layers.staged(job.recipient, *facts)
    names = [f"part-{number}.parquet" for number in range(count)]
    sizes = {name: _put(job, folder / name, at) for at, name in enumerate(names)}
    told = '{"numRecords": 1}'
    actions = [AddAction(name, sizes[name], {}, 0, True, told) for name in names]
    create_table_with_add_actions(
        job.store.address(folder),
        Schema.from_arrow(SCHEMA),
        actions,
        storage_options=job.store.options(folder) or None,
    )
    files = files_of(job.store, folder)
    keep_list(job, folder, files)
    record(
        job, "masked", rows=count, recipient=job.recipient, policy=POLICY_VERSION,
        key_ids=[], files=len(files), files_digest=files_digest(files),
        staged=str(folder.relative_to(job.settings.home)),
        classes={"rules": RULES, "looked_at": [], "findings": []}, **about,
    )  # fmt: skip
    return Masked.load(job)


def _put(job: Job, path: Any, number: int) -> int:
    """A row tells its batch, so that no two batches have a file in common."""
    sink = pa.BufferOutputStream()
    value = job.date.toordinal() * 1_000 + number
    pq.write_table(pa.table({"number": [value]}, SCHEMA), sink)
    content = sink.getvalue().to_pybytes()
    job.store.write(path, content)
    return len(content)
