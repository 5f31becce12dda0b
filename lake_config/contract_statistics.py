"""Standing statistics a contract declares: tables of counts that need no application.

Facts only: which columns a table is counted by, and what is counted. How small counts are
kept from telling about one person is security's (privacy/small_counts.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from lake_config.contract_shape import custom_properties, items
from lake_config.contract_yaml import Place, Source

ROWS, PERSONS, SUM = "rows", "persons", "sum"
MEASURES = (ROWS, PERSONS, SUM)
MOST_COLUMNS = 4
"""With every further column cells get smaller, and more of them are withheld."""

BY = (
    "event_date",
    "event_time",
    "birth_date",
    "address",
    "county_code",
    "movement_place",
    "sex",
    "diagnosis_code",
    "sensitive_code",
    "status_code",
)
"""Kinds of columns to count by; others only where the contract lists their codes."""

LISTED = ("not_personal",)


@dataclass(frozen=True, slots=True)
class Statistic:
    """One table of counts. `by`: columns of the counted table, moments by their month.

    `measure`: rows, different persons, or the sum of the amounts in `of`.
    """

    name: str
    business_name: str
    by: tuple[str, ...]
    measure: str
    of: str = ""


def statistics_of(own: dict[str, Any]) -> tuple[Statistic, ...]:
    """From the registered property of a table that was checked."""
    return tuple(
        Statistic(
            item["name"],
            item["businessName"],
            tuple(item["by"]),
            item["measure"],
            item.get("of", ""),
        )
        for item in own.get("statistics", [])
    )


def check_statistics(source: Source, data: dict[str, Any]) -> None:
    """Columns there are and may be, and names that no other table has."""
    taken = {str(table.get("name")) for _, table in items(data, "schema")}
    for index, table in items(data, "schema"):
        place = ("schema", index)
        kinds = {
            str(column.get("name")): _kind(column)
            for _, column in items(table, "properties")
        }
        for _, statistic in items(custom_properties(table), "statistics"):
            name = str(statistic.get("name"))
            if name in taken:
                source.complain(place, f"统计 {name} 与别的表或统计重名，请改名。")
            taken.add(name)
            _check_columns(source, statistic, kinds, place)


def _kind(column: dict[str, Any]) -> str:
    """The semantic type; of a column that lists no codes and is no personal one, none."""
    kind = str(custom_properties(column).get("semanticType"))
    return "" if kind in LISTED and not column.get("enum") else kind


def _check_columns(
    source: Source, statistic: dict[str, Any], kinds: dict[str, str], place: Place
) -> None:
    name, by = statistic.get("name"), statistic.get("by")
    by = by if isinstance(by, list) else []
    for column in by:
        if kinds.get(str(column)) not in (*BY, *LISTED):
            source.complain(
                place,
                f"统计 {name} 不能按 {column} 计数：列不存在，或不是日期、地区、性别、代码。",
            )
    if not 0 < len(by) <= MOST_COLUMNS or len(set(map(str, by))) < len(by):
        source.complain(
            place, f"统计 {name} 的 by 应为 1 至 {MOST_COLUMNS} 个不同的列。"
        )
    if (statistic.get("measure") == SUM) != ("of" in statistic):
        source.complain(place, f"统计 {name}：measure 为 sum 时须写 of，否则不写。")
    elif "of" in statistic and kinds.get(str(statistic["of"])) != "amount":
        source.complain(
            place, f"统计 {name} 的 of 须是本表 semanticType 为 amount 的列。"
        )
