"""What the leak scan of a batch knows: its own people, canaries, and every name beside."""

from __future__ import annotations

import json
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from jobs.mask import mask_batch
from lake_config.errors import (
    LeakFound,
    SettingsError,
)
from lake_config.settings import Settings
from privacy.canaries import enrol_canaries
from tests.lib.gated_batch import (
    DAY,
    INVENTED,
    PEOPLE,
    gated,
    last,
    new_lake,
    people,
)
from tests.lib.staged_batch import staged_files, weakened


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, INVENTED)
    return settings


CANARIES = (("person_name", "name"), ("address", "home"))


def leaks(lake: Settings, rows: list[dict[str, Any]], **facts: Any) -> dict[str, Any]:
    """What the receipt of a refused batch says of its leaks."""
    columns = tuple(
        replace(item, **facts) if item.name == "office" else item
        for item in PEOPLE.columns
    )
    contract = replace(INVENTED, tables=(replace(PEOPLE, columns=columns),))
    job, before = gated(lake, contract, "people", rows)
    with pytest.raises(LeakFound) as refusal:
        mask_batch(job, before)
    assert staged_files(lake) == []
    body = last(lake, "masked", job.batch).body
    told = f"{refusal.value}{json.dumps(body, ensure_ascii=False)}"
    assert not any(row[name] in told for row in rows for name in ("name", "home"))
    return dict(body["leak_scan"])


@pytest.mark.parametrize(
    ("written", "found"),
    [
        (
            "经办：{name}。",
            {"office: person_name of the same row", "office: person_name"},
        ),
        ("联系人{name}办理", {"office: person_name of the same row"}),
        ("住{home}的", {"office: address"}),
        ("{home}", {"office: address"}),
    ],
)
def test_a_value_without_a_pattern_is_known(
    lake: Settings, written: str, found: set[str]
) -> None:
    rows = people(30)
    rows[17]["office"] = written.format(**rows[17])
    scan = leaks(lake, rows)
    assert {where for where in scan["found"] if where[0] != "*"} == found
    assert all(count == 1 for count in scan["found"].values())
    if scan["hits"]:
        assert [place["column"] for place in scan["places"]] == ["office"]


def test_a_name_of_the_row_is_found_in_traditional_characters(lake: Settings) -> None:
    rows = people(30)
    rows[17] |= {"name": "张伟东", "office": "聯繫人張偉東來過"}
    found = leaks(lake, rows)["found"]
    assert found["office: person_name of the same row"] == 1


def test_an_address_that_ends_like_a_division_is_known(lake: Settings) -> None:
    """…小区 ends in 区, as districts do; …街道 alone is nobody's home."""
    rows = people(30)
    for row in rows:
        row["home"] = "绥化市北林区紫来街道"
    home = "绥化市北林区幸福路18号阳光花园小区"
    rows[17] |= {"home": home, "office": f"转{home}"}
    rows[18] |= {"office": "紫来街道"}
    found = leaks(lake, rows)["found"]
    assert {where for where in found if where[0] != "*"} == {"office: address"}
    assert found["office: address"] == 1


def test_somebody_else_s_name_is_found_as_a_whole_cell(lake: Settings) -> None:
    rows = people(30)
    rows[17]["office"] = rows[3]["name"]
    assert "office: person_name" in leaks(lake, rows)["found"]


def test_a_comment_that_names_one_of_the_batch_is_found(lake: Settings) -> None:
    rows = people(30)
    found = leaks(lake, rows, business_name=f"经办：{rows[3]['name']}")["found"]
    assert found == {"*: person_name": 1}


def test_a_text_in_which_the_model_sees_names_is_not_published(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What is known of the batch is not in it; whom it tells of, nobody knows but the model."""
    weakened(monkeypatch, "free_text")
    rows = people(30)
    for number, row in enumerate(rows):
        row["remark"] = f"第{number}次会议由李国强主任主持，王秀英和陈建华参加。"
    scan = leaks(lake, rows)
    assert set(scan["found"]) == {"remark: person by the model"}
    assert scan["by_model"]["remark"]["person"] > 60
    harmless = lake_rows("第{}次会议按时召开，参加者没有意见。")
    job, before = gated(lake, INVENTED, "people", harmless, day=DAY.replace(day=4))
    told = mask_batch(job, before).body["leak_scan"]
    assert told["ok"] and told["by_model"]["remark"]["characters"] > 300


def lake_rows(remark: str) -> list[dict[str, Any]]:
    rows = people(30)
    return [{**row, "remark": remark.format(number)} for number, row in enumerate(rows)]


def test_a_canary_of_another_batch_is_found_anywhere(lake: Settings) -> None:
    rows, other = people(30), people(3, start=200)
    kept = [(kind, pl.Series([row[name] for row in other])) for kind, name in CANARIES]
    assert enrol_canaries(lake, kept) == 6
    rows[17]["office"] = f"转{other[1]['name']}办"
    found = leaks(lake, rows)["found"]
    assert found == {"office: canary person_name": 1, "*: canary person_name": 1}


def test_a_damaged_list_of_canaries_stops_the_scan(lake: Settings) -> None:
    enrol_canaries(lake, [("mobile", pl.Series(["13945551234"]))])
    lake.layers.canaries.write_text("{")
    with pytest.raises(SettingsError, match="金丝雀"):
        mask_batch(*gated(lake, INVENTED, "people", people(5)))
    assert staged_files(lake) == []


def test_a_folder_s_own_name_is_nobody_s_number(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    job, before = gated(lake, INVENTED, "people", people(50))
    drawn = SimpleNamespace(token_hex=lambda _: "13945551234")
    monkeypatch.setattr("jobs.mask.secrets", drawn)
    assert mask_batch(job, before).body["ok"]
