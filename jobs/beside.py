"""What is made beside a published table: standing statistics, and the tables of grants.

Each is tried whatever becomes of the others. After all of them the first failure is raised,
one that may pass by itself before others; the rest are recorded under their own names.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

from jobs.context import Job
from jobs.failures import record_failure
from jobs.granted import grants_due
from jobs.standing_statistics import statistics_due
from jobs.steps import Gated
from lake_config.errors import LakeError

Due = list[tuple[str, Callable[[], bool]]]
"""A table's name, and what publishes it; False where it was there already."""

KINDS: dict[str, Callable[[Job, Gated], Due]] = {
    "statistics": statistics_due,
    "granted tables": grants_due,
}


def published_beside(job: Job, gated: Gated) -> str:
    """What is made of the version that is published now; empty where all of it is there."""
    made: Counter[str] = Counter()
    failed: list[LakeError] = []
    for kind, due in KINDS.items():
        try:
            waiting = due(job, gated)
        except LakeError as error:
            failed.append(error)
            continue
        for name, publish in waiting:
            try:
                made[kind] += publish()
            except LakeError as error:
                error.table = name
                failed.append(error)
    _raise_first(job, failed)
    return " and ".join(f"{number} {kind}" for kind, number in made.items() if number)


def _raise_first(job: Job, failed: list[LakeError]) -> None:
    failed.sort(key=lambda one: not one.transient)
    for other in failed[1:]:
        name = other.table or job.table.name
        whose = (job.settings, job.contract.department, name, job.date)
        record_failure(*whose, job.name, other)
    if failed:
        raise failed[0]
