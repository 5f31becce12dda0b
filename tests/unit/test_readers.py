"""What readers say and ask: no foreign name in a message, no bare table name in a query."""

from __future__ import annotations

from dataclasses import replace

import pytest

from jobs.context import Job
from jobs.control_totals import mariadb_totals, postgresql_totals
from jobs.readers import mysql, postgresql
from jobs.readers.extract import check_columns
from lake_config.errors import SchemaChanged
from lake_config.settings import Settings
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE

NAMES = [column.name for column in PEOPLE.columns]


def job(settings: Settings) -> Job:
    table = replace(PEOPLE, source={"table": "people"})
    return Job(settings, INVENTED, table, DAY)


def refusal(settings: Settings, found: list[str]) -> str:
    with pytest.raises(SchemaChanged) as caught:
        check_columns(job(settings), found)
    return str(caught.value)


def test_a_row_taken_for_a_header_is_not_told(settings: Settings) -> None:
    """Of people without a header line; one cell happens to be a column's name."""
    told = refusal(settings, ["zhangsan", "13945551234", "sex", *NAMES[3:]])
    assert "zhangsan" not in told and "13945551234" not in told
    assert f"缺少：{'、'.join(NAMES[:3])}" in told and "多出：3 列" in told


def test_a_column_twice_is_one_too_many(settings: Settings) -> None:
    told = refusal(settings, [*NAMES, NAMES[0]])
    assert "缺少：无" in told and "多出：1 列" in told


def test_statements_name_the_schema_that_was_checked(settings: Settings) -> None:
    place = {"schema": 'of"fice', "database": "front`end"}
    name = postgresql.table_name(job(settings), place)
    assert name == '"of""fice"."people"'
    assert postgresql_totals(PEOPLE, name).endswith(f" from {name}")
    name = mysql._name(job(settings), place)
    assert name == "`front``end`.`people`"
    assert mariadb_totals(PEOPLE, name).endswith(f" from {name}")
    assert postgresql.table_name(job(settings), {}) == '"public"."people"'
