"""May this batch replace the last published one? Counts in, a verdict out.

Band and minimum come from the contract, the numbers from the gate. Reasons carry a
stable code and a sentence with counts; no rows, no values and no Spark in here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from lake_config.contract import Band, Table
from lake_config.errors import GateFailed, LakeError, ShortDelivery

SHORT = ("minimum_rows", "rows_down", "keys_down")
"""Reasons that mean: the delivery is too small (exit code 21); all others are 30."""

VERDICTS = (GateFailed, ShortDelivery)
"""What a verdict raises; a receipt tells the same."""


@dataclass(frozen=True, slots=True)
class Finding:
    """How many rows break a rule."""

    rule: str
    severity: str
    rows: int


@dataclass(frozen=True, slots=True)
class Volume:
    """Size of a batch: all rows, different primary keys, rows in quarantine."""

    rows: int
    keys: int
    quarantined: int

    @property
    def accepted(self) -> int:
        return self.rows - self.quarantined


@dataclass(frozen=True, slots=True)
class Reason:
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`findings` name every rule that at least one row breaks."""

    table: str
    volume: Volume
    findings: tuple[Finding, ...]
    reasons: tuple[Reason, ...]

    @property
    def ok(self) -> bool:
        return not self.reasons

    @property
    def word(self) -> str:
        return "passed" if self.ok else "failed"

    def error(self) -> LakeError:
        """What to raise when the verdict is not ok."""
        short = any(reason.code in SHORT for reason in self.reasons)
        reasons = "".join(reason.message for reason in self.reasons)
        advice = "上一次发布的版本保持不变。请数据提供部门核对后重新交付。"
        message = f"{self.table} 未通过质量门禁：{reasons}{advice}"
        return ShortDelivery(message) if short else GateFailed(message)


def judge(
    table: Table,
    volume: Volume,
    findings: Iterable[Finding] = (),
    previous: Volume | None = None,
    failed_expectations: Iterable[str] = (),
) -> Verdict:
    """`previous` is the last published batch; None means nothing was published yet."""
    reasons = [
        *_absolute(table.band, volume),
        *(_around(table.band, volume, previous) if previous else ()),
        *_expectations(failed_expectations),
    ]
    found = tuple(finding for finding in findings if finding.rows)
    return Verdict(table.name, volume, found, tuple(reasons))


def _absolute(band: Band, volume: Volume) -> Iterator[Reason]:
    if volume.rows < band.minimum_rows:
        message = f"共 {volume.rows} 行，少于契约规定的最少 {band.minimum_rows} 行。"
        yield Reason("minimum_rows", message)
    if volume.quarantined > _exact(band.quarantined) * volume.rows:
        message = (
            f"隔离 {volume.quarantined} 行（共 {volume.rows} 行），"
            f"超过契约允许的 {band.quarantined:.2%}。"
        )
        yield Reason("quarantined_share", message)
    if not volume.accepted:
        yield Reason("nothing_accepted", f"共 {volume.rows} 行，没有一行合格。")


def _around(band: Band, volume: Volume, previous: Volume) -> Iterator[Reason]:
    for code, unit, now, before in (
        ("rows", "行", volume.rows, previous.rows),
        ("keys", "个主键", volume.keys, previous.keys),
    ):
        compared = f"共 {now} {unit}，上次发布 {before} {unit}，"
        if now < before * (1 - _exact(band.rows_down)):
            message = f"{compared}减少超过契约允许的 {band.rows_down:.2%}。"
            yield Reason(f"{code}_down", message)
        if now > before * (1 + _exact(band.rows_up)):
            message = f"{compared}增加超过契约允许的 {band.rows_up:.2%}。"
            yield Reason(f"{code}_up", message)


def _exact(share: float) -> Decimal:
    """The share as the contract writes it: 0.1 is not a binary fraction."""
    return Decimal(str(share))


def _expectations(failed: Iterable[str]) -> Iterator[Reason]:
    for name in failed:
        message = f"整表检查 {name} 未通过。"
        yield Reason("expectation", message)


def counted(
    combinations: Iterable[tuple[frozenset[str], int]], severities: dict[str, str]
) -> tuple[int, int, tuple[Finding, ...]]:
    """(quarantined rows, rows with warnings alone, findings) from counts of row sets.

    Each pair says how many rows break exactly that set of rules. A rule that no longer
    exists counts as stop: what cannot be explained is not let through.
    """
    rows = dict.fromkeys(severities, 0)
    quarantined = warned = 0
    for names, number in combinations:
        for name in names:
            rows[name] = rows.get(name, 0) + number
        if any(severities.get(name, "stop") == "stop" for name in names):
            quarantined += number
        elif names:
            warned += number
    findings = (
        Finding(name, severities.get(name, "stop"), number)
        for name, number in rows.items()
    )
    return quarantined, warned, tuple(findings)
