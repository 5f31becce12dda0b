"""What a reader gives: a frame of the delivered columns, and the source's own totals."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pyspark.sql import DataFrame

from jobs.context import Job
from jobs.control_totals import Totals
from lake_config.contract import Column, Server, dated_address
from lake_config.errors import EmptyDelivery, SchemaChanged
from quality.drift import Drift, DriftFound, Drifts, name_drifts


@dataclass(frozen=True, slots=True)
class Extract:
    """`totals` is asked once the rows are written: then the source may take its time.

    It raises when the source moved meanwhile. `drift` is what may be landed all the same.
    Of a part of a table `whole` is what all of it adds up to, at least its rows. A large
    table comes in `parts`, which can be read and kept one by one.
    """

    frame: DataFrame
    totals: Callable[[], Totals]
    drift: Drifts = ()
    whole: Totals | None = None
    parts: Parts | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """A table in so many parts; `totals` are the source's, of each that has rows."""

    count: int
    read: Callable[[int], DataFrame]
    totals: Callable[[], dict[int, Totals]]


@dataclass(frozen=True, slots=True)
class Since:
    """Which rows are asked for: those of the change column from `start` on, or without it.

    `whole` says whether the source is to add up all of its table as well.
    """

    column: Column
    start: str
    whole: bool

    @property
    def literal(self) -> str:
        """Of our making: a day or a number. A number in quotes would be compared as a
        float by some."""
        bare = self.column.logical_type == "integer"
        return self.start if bare else f"'{self.start}'"


WIDENED = {"tinyint": "bigint", "smallint": "bigint", "int": "bigint"}
"""Types of a database that land in a wider one."""

DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")

Reader = Callable[[Job, Server, Path], AbstractContextManager[Extract]]
"""(job, server, folder for the delivered files) to an extract open until the commit."""

ChangeReader = Callable[[Job, Server, Since], AbstractContextManager[Extract]]
"""The same of rows that changed of late."""


def address(job: Job, server: Server) -> dict[str, Any]:
    """The server's address in this deployment, for the delivery date where it is dated."""
    own = job.settings.endpoint(job.contract.department, server.name)
    return dated_address({**server.address, **own}, job.date)


def limits(**options: str | int) -> str:
    """A driver's own options, in the address: Spark Connect writes the names of properties
    small when there are predicates, and a driver that does not know a name says nothing."""
    return "?" + "&".join(f"{name}={value}" for name, value in options.items())


def refuse_empty(job: Job, rows: int) -> None:
    """A delivery of nothing is refused as that, however little its form is right."""
    if not rows:
        raise EmptyDelivery(
            f"{job.batch}：源端一行都没有。已发布的版本不受影响，请与数源部门确认。"
        )


def check_columns(job: Job, found: Iterable[str]) -> None:
    """The source's columns must be the contract's, each once.

    Only the contract's own names are told: a foreign one may be anything, also a value.
    """
    found = list(found)
    wanted = [column.name for column in job.table.columns]
    missing = [name for name in wanted if name not in found]
    extra = len(found) - len(set(found) & set(wanted))
    if missing or extra:
        raise SchemaChanged(
            f"{job.batch}：源端的列与契约不符。缺少：{'、'.join(missing) or '无'}；"
            f"多出：{extra} 列。请与数源部门确认，改好契约或源端后重新归集。"
        ) from DriftFound(name_drifts(job.table, found))


def check_types(job: Job, frame: DataFrame) -> None:
    """What the contract types must come typed: text in its place may hold anything."""
    typed = [item for item in job.table.columns if item.landed_type != "string"]
    found = dict(frame.dtypes) if typed else {}
    changed = [
        item.name for item in typed if not _fits(found[item.name], item.landed_type)
    ]
    if changed:
        raise SchemaChanged(
            f"{job.batch}：源端的列类型与契约不符：{'、'.join(changed)}。"
            "请与数源部门确认，改好契约或源端后重新归集。"
        ) from DriftFound(tuple(Drift("retyped", name) for name in changed))


def _fits(found: str, landed: str) -> bool:
    """Of decimals also one with fewer digits before the point, and as many after it."""
    sizes = [DECIMAL.fullmatch(type_) for type_ in (found, landed)]
    if sizes[0] and sizes[1]:
        (digits, scale), (most, wanted) = (size.groups() for size in sizes if size)
        return scale == wanted and int(digits) <= int(most)
    return WIDENED.get(found, found) == landed
