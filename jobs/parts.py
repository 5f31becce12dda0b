"""Loads that resume: a large table is read in parts, and a part that was read stays read.

Each part is a Delta table of its own under the batch, whole or not there. A later attempt
keeps a part only where all its rows add up to what the source says, in the state it holds
now, of the same range of the table: one that changed meanwhile is read again. The attempt
takes the parts' files as they are; they are not written twice.
"""

from __future__ import annotations

import re
import secrets
from collections import defaultdict
from pathlib import Path
from typing import Any

import polars as pl
from deltalake.exceptions import DeltaError

from jobs.committed_totals import committed_totals
from jobs.context import Job
from jobs.control_totals import Totals
from jobs.delta_files import commit_new, facts_of, files_added, rows_added
from jobs.readers.extract import Parts
from lake_config.errors import JobFailed, TableDamaged

PLACE = re.compile(r"([0-9]{6})-[0-9a-f]{8}")
"""Number of the part, and which try it was."""


def kept_parts(job: Job, parts: Parts) -> dict[int, Path]:
    """Those an earlier attempt has read and that the source would give again."""
    lying = _lying(job)
    said = parts.totals() if lying else {}
    kept: dict[int, Path] = {}
    for number, folders in lying.items():
        same = (item for item in folders if _agrees(job, item, said.get(number)))
        if number < parts.count and (found := next(same, None)):
            kept[number] = found
    return kept


def forget_parts(job: Job) -> None:
    """The attempt that counts has them on its own account."""
    job.store.remove(parts_folder(job))


def fresh_part(job: Job, number: int) -> Path:
    return parts_folder(job) / f"{number:06d}-{secrets.token_hex(4)}"


def parts_folder(job: Job) -> Path:
    """Parts made under another version of the contract are not looked at."""
    facts = (job.contract.department, job.table.name, job.date)
    return job.layers.parts(*facts, job.contract.digest)


def _lying(job: Job) -> dict[int, list[Path]]:
    """Committed parts of this batch."""
    folder = parts_folder(job)
    found: dict[int, list[Path]] = defaultdict(list)
    for path in job.store.files(folder):
        place, *inside = path.relative_to(folder).parts
        named = PLACE.fullmatch(place)
        if named and inside == ["_delta_log", f"{0:020d}.json"]:
            found[int(named[1])].append(folder / place)
    return found


def _agrees(job: Job, folder: Path, said: Totals | None) -> bool:
    """A file that is torn is none that agrees."""
    try:
        if said is None:
            return not rows_added(job.store, folder, 0)
        return committed_totals(job.store, folder, job.table, said.sums) == said
    except (OSError, ValueError, TableDamaged, pl.exceptions.PolarsError):
        return False


def composed(job: Job, folders: list[Path], path: Path) -> None:
    """The attempt: one commit over the parts' files.

    A part that is gone was taken away by another run that was first, or by retention.
    """
    try:
        files = [facts for folder in folders for facts in _taken(job, folder, path)]
        commit_new(job.store, path, job.store.table(folders[0]).schema(), files)
    except (DeltaError, FileNotFoundError, TableDamaged) as error:
        raise JobFailed(
            f"{job.batch}：各部分合成一批时中断（{type(error).__name__}），"
            "还在的部分保留，稍后重试。"
        ) from None


def _taken(job: Job, folder: Path, path: Path) -> list[dict[str, Any]]:
    made = []
    for name in sorted(files_added(job.store, folder, 0)):
        facts = facts_of(job.store, folder / name)
        target = path / f"{folder.name}-{Path(name).name}"
        if not job.store.take(folder / name, target, facts["sha256"]):
            raise JobFailed(f"{job.batch}：已读的部分在合成时变了，稍后重试。")
        made.append({**facts, "path": target.name})
    return made
