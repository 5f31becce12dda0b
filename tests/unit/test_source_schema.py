"""The file of what was last seen: whole again when read, and without values for names."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from lake_config.contract_loader import load_contracts
from lake_config.errors import ContractError
from lake_config.settings import ROOT, Settings, load
from lake_config.source_schema import (
    SeenColumn,
    read_schemas,
    schema_file,
    shown_name,
    unit_in,
    without_values,
    write_schemas,
)
from quality.drift import REFUSE, drifts, worst
from tests.lib.quality_cases import column, table

CARDS = table("cards", [column("no"), column("owner"), column("paid")])
SEEN = (
    SeenColumn("no", "character varying", 9, nullable=False),
    SeenColumn("owner", "text", encoding="utf8mb4", layout="yyyy-MM-dd"),
    SeenColumn("paid", "numeric", None, 12, 0, True, "万元"),
)


@pytest.fixture
def own(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, contracts=tmp_path / "config" / "contracts")


def test_what_was_written_is_read(own: Settings) -> None:
    assert read_schemas(own, "invented") == {}
    schemas = {"cards": (SEEN, "2026-03-02"), "more": (SEEN[:1], "2026-03-09")}
    write_schemas(own, "invented", schemas)
    assert read_schemas(own, "invented") == schemas


@pytest.mark.parametrize("text", ["no,type\n1,text\n", "table,position\n\x00,1\n"])
def test_a_broken_file_is_refused(own: Settings, text: str) -> None:
    path = write_schemas(own, "invented", {})
    path.write_text(text, "utf-8")
    with pytest.raises(ContractError, match="schema refresh"):
        read_schemas(own, "invented")


@pytest.mark.parametrize("name", ["remarks", "Remark_2", "x" * 63])
def test_a_name_is_told(name: str) -> None:
    seen = (*SEEN, SeenColumn(name))
    assert shown_name(CARDS, seen, 3) == name


@pytest.mark.parametrize("name", ["赵某", "T2026", "a b", "", "x" * 64, "1a", "备注"])
def test_what_may_be_a_value_is_not(name: str) -> None:
    seen = (*SEEN, SeenColumn(name))
    assert shown_name(CARDS, seen, 3) == "列 #4（名称不予显示）"


def test_without_a_header_nothing_is_told() -> None:
    seen = tuple(map(SeenColumn, ("no", "zhangsan", "lisi")))
    kept = [item.name for item in without_values(CARDS, seen)]
    assert kept == ["no", "列 #2（名称不予显示）", "列 #3（名称不予显示）"]


def test_a_comment_gives_no_more_than_a_unit() -> None:
    assert unit_in("月缴费基数，单位：万元") == "万元"
    assert unit_in("单位:元") == "元"
    assert unit_in("单位：赵某") == unit_in("元") == unit_in(None) == ""


def test_the_kept_schemas_are_those_of_the_contracts() -> None:
    """What is committed may not by itself refuse the next delivery."""
    settings = load({"LAKE_HOME": str(ROOT / "lake_home")})
    for contract in load_contracts(settings.contracts):
        schemas = read_schemas(settings, contract.department)
        assert schema_file(settings, contract.department).exists()
        assert list(schemas) == [item.name for item in contract.tables]
        for item in contract.tables:
            seen, _ = schemas[item.name]
            assert worst(drifts(item, seen, seen)) != REFUSE
