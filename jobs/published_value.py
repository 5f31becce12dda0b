"""A landed cell as far as it is published: of a moment that is told by its day, the day.

To make the moment first and then cut it off costs five times as much.
"""

from __future__ import annotations

import polars as pl

from lake_config.contract import Column
from privacy.policy import DAY, MONTH, STATISTICS, treatment
from quality.row_values import day, value


def published_value(column: Column) -> pl.Expr:
    """What the treatment for statistics is made of; null as `value` is null."""
    told_by_day = treatment(column.semantic_type, STATISTICS) in (DAY, MONTH)
    moment = column.logical_type in ("date", "timestamp")
    return day(column) if told_by_day and moment else value(column)
