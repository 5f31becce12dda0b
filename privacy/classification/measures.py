"""What a sample of distinct values shows: who is well formed, who passes, and the shape.

Counts only; whatever is returned here may stand in the ledger.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import polars as pl

from privacy.classification.forms import (
    BARE,
    CELL,
    FORMS,
    MASKED,
    PLACEHOLDER,
    Form,
    folded,
)
from privacy.recognisers.divisions import region_codes

SAMPLE = 3_000
"""Distinct values looked at: what one of a thousand holds is seen with 95 % certainty."""

HASH, LARGEST = 5, 2**64 - 1
"""Seed and range of the hash that decides."""

USUAL = 1.96
"""Standard deviations of a 95 % bound."""

_CELL = pl.col(CELL)
_DATE = (
    "^[12][0-9]{3}[-/.年][01]?[0-9][-/.月][0-3]?[0-9]日?$"
    "|^(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])$"
)
_TIME = r"^[12][0-9]{3}[-/.]?[01]?[0-9][-/.]?[0-3]?[0-9][ T]?[0-2]?[0-9]:?[0-5][0-9]"
SHAPES: dict[str, pl.Expr] = {
    "time": _CELL.str.contains(_TIME) & _CELL.str.contains("[ T:]"),
    "date": _CELL.str.contains(_DATE),
    "number": _CELL.str.contains(r"^[+-]?[0-9]{1,10}(?:\.[0-9]+)?$"),
    "decimal": _CELL.str.contains(r"^[+-]?[0-9]{1,10}\.[0-9]+$"),
    "county": BARE.is_in(sorted(region_codes())),
    "diagnosis": _CELL.str.contains(r"^[A-Z][0-9]{2}(?:\.[0-9X]{1,4})?$"),
    "code": _CELL.str.contains(r"^[0-9A-Z_./\-]+$"),
    "mixed code": _CELL.str.contains(r"^[^\s,，。;；、]*[0-9][^\s,，。;；、]*$"),
}
"""What is not a person's own number or name may still have one of these."""


@dataclass(frozen=True, slots=True)
class Measured:
    """Of one form: well-formed candidates, those whose check passes (None without one),
    and whether they can be people's."""

    candidates: int
    passed: int | None
    plausible: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """`values` distinct ones were looked at of `cells` cells that are not null."""

    cells: int
    values: int
    forms: dict[str, Measured]
    shapes: dict[str, float]
    longest: int
    years: int

    def share(self, name: str) -> float:
        """Of the values, those well formed for a class."""
        found = self.forms.get(name)
        return found.candidates / self.values if found and self.values else 0.0


def lower_bound(passed: int, tried: int, deviations: float = USUAL) -> float:
    """Wilson's lower bound of a share; 0 where nothing was tried."""
    if not tried:
        return 0.0
    share, z = passed / tried, deviations**2 / tried
    middle = share + z / 2
    spread = deviations * sqrt(share * (1 - share) / tried + z / (4 * tried))
    return max(0.0, (middle - spread) / (1 + z))


def sampled(cells: pl.Series, most: int = SAMPLE) -> pl.Series:
    """At most so many of the distinct cells, as they are written.

    Which ones, their hashes decide: the same cells give the same sample in any order, and
    a sample of samples is that of the whole.
    """
    low = cells.filter(cells.hash(HASH) < _bound(len(cells), most)).unique()
    values = low if len(low) >= most else cells.unique()
    texts = pl.DataFrame({CELL: values})
    return texts.select(_CELL.bottom_k_by(_CELL.hash(HASH), most)).to_series()


def _bound(cells: int, most: int) -> int:
    """A hash below which nearly twice as many as are wanted lie, if all are distinct: the
    others need not be told apart."""
    return LARGEST if cells <= 2 * most else LARGEST // cells * 2 * most


def measured(cells: int, values: pl.Series) -> Sample:
    """What a sample shows of a column with so many cells."""
    values = folded(values).unique()
    values = values.filter(~values.str.contains(PLACEHOLDER) & (values != ""))
    frame = values.filter(~values.str.contains(MASKED)).to_frame(CELL)
    forms = {name: _measured(frame, form) for name, form in FORMS.items()}
    shapes = frame.select(**{name: shape.mean() for name, shape in SHAPES.items()})
    longest = int(str(values.str.len_chars().max() or 0))
    return Sample(
        cells,
        len(values),
        forms,
        {name: float(share or 0) for name, share in shapes.row(0, named=True).items()},
        longest,
        _years(values),
    )


def _measured(frame: pl.DataFrame, form: Form) -> Measured:
    text = frame.select(form.text.alias(CELL))
    found = text.filter(form.candidate).to_series()
    if form.passes:
        passed = int(form.passes(found).sum()) if len(found) else 0
        return Measured(len(found), passed, True)
    return Measured(len(found), None, form.plausible is None or form.plausible(found))


def _years(values: pl.Series) -> int:
    """Years between an early and a late one of the dates; births span a lifetime."""
    years = (
        values.str.extract("^([12][0-9]{3})").cast(pl.Int32, strict=False).drop_nulls()
    )
    if years.is_empty():
        return 0
    early, late = (years.quantile(share, "nearest") for share in (0.05, 0.95))
    return int((late or 0) - (early or 0))
