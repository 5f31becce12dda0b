"""What a reader gives: a frame of the delivered columns, and the source's own totals."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from jobs.context import Job
from jobs.control_totals import Totals
from lake_config.contract import Server
from lake_config.errors import SchemaChanged


@dataclass(frozen=True, slots=True)
class Extract:
    """`confirm` runs after the write and raises when the source moved meanwhile."""

    frame: DataFrame
    totals: Totals
    confirm: Callable[[], None]


Reader = Callable[[Job, Server, Path], AbstractContextManager[Extract]]
"""(job, server, folder for the delivered files) to an extract open until the commit."""


def nothing_to_confirm() -> None:
    """For sources that cannot move: files, and databases read in one snapshot."""


def address(job: Job, server: Server) -> dict[str, Any]:
    """The server's address in this deployment."""
    own = job.settings.endpoint(job.contract.department, server.name)
    return {**server.address, **own}


def check_columns(job: Job, found: Iterable[str]) -> None:
    """The source's columns must be the contract's; names are told, never values."""
    found = list(found)
    wanted = [column.name for column in job.table.columns]
    missing = [name for name in wanted if name not in found]
    extra = [name for name in found if name not in wanted]
    if missing or extra or len(found) != len(wanted):
        raise SchemaChanged(
            f"{job.batch}：源端的列与契约不符。缺少：{'、'.join(missing) or '无'}；"
            f"多出：{'、'.join(map(_printable, extra)) or '无'}。"
            "请与数源部门确认，改好契约或源端后重新归集。"
        )


def _printable(name: str) -> str:
    """A foreign column name may be anything, also a value; show it only when harmless."""
    harmless = name.isascii() and name.isidentifier() and len(name) <= 63
    return name if harmless else "（名称不规范的列）"
