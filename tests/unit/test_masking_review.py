"""What an officer reads before signing: from contract and receipts, without anybody's value."""

from __future__ import annotations

import random
import re
import shutil
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from audit.ledger import open_ledger
from jobs.mask import mask_batch
from jobs.publish import publish
from lake_config.contract import SEMANTIC_TYPES, Column, Contract
from lake_config.errors import LeakFound, TooFewPeople, UsageError
from lake_config.settings import Settings
from ops import masking_review as command
from privacy.approval import sign
from privacy.check_digits import passes_luhn, resident_check
from privacy.class_confirmation import confirm
from privacy.keys import loaded_mac
from privacy.leak_patterns import classes_in
from privacy.look_alikes import LOOK_ALIKES, after, before
from privacy.masking_review import (
    HEADS,
    KEY_HEADS,
    PERSONAL,
    decisions,
    example,
    fact,
    page,
    rows,
    summary,
    word_of,
)
from privacy.officers import enrol_officer, revoke_officer
from privacy.options import OPTIONS
from privacy.policy import POLICY_VERSION, PURPOSES, treatment
from tests.lib.gated_batch import DAY, INVENTED, PEOPLE, gated, new_lake, people
from tests.lib.quality_cases import column

MARKED = [
    {**row, "born": f"{1950 + number % 40}-02-01"}
    for number, row in enumerate(people(400))
]
"""Of many ages, so that the risk gate has something to do."""


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    new_lake(settings, INVENTED)
    monkeypatch.setattr(command, "find_contract", lambda *_: INVENTED)
    monkeypatch.setenv("COLUMNS", "160")
    return settings


def published(lake: Settings) -> None:
    job, before_it = gated(lake, INVENTED, "people", MARKED)
    publish(job, mask_batch(job, before_it))


def test_nobody_has_what_is_shown() -> None:
    assert set(LOOK_ALIKES) == set(SEMANTIC_TYPES)
    number = LOOK_ALIKES["identity_number"]
    assert number[6:10] == "2099" and resident_check(number[:17]) != number[17]
    assert not passes_luhn(LOOK_ALIKES["bank_card"])
    assert LOOK_ALIKES["online_account"].endswith(".invalid")
    assert not re.match("1[3-9]", LOOK_ALIKES["mobile"])
    found = {
        kind: classes_in(str(cell))
        for kind, cell in LOOK_ALIKES.items()
        if classes_in(str(cell))
    }
    assert found == {"online_account": ("email",)}


@pytest.mark.parametrize("kind", SEMANTIC_TYPES)
def test_every_kind_and_decision_has_words_and_an_example(kind: str) -> None:
    one = column("c", semantic_type=kind)
    for purpose in PURPOSES:
        treated = treatment(kind, purpose)
        told = after(one, treated)
        assert word_of(treated) in decisions(kind)
        assert bool(told) == treated.published
        if treated.kind in ("token", "generalise"):
            assert told != before(one) or kind in ("event_date",)
    for option in OPTIONS.get(kind, {}).values():
        assert word_of(option) in decisions(kind)
    assert PERSONAL[one.personal] in fact(one)


@pytest.mark.parametrize(
    ("kind", "logical", "risk", "told"),
    [
        ("event_time", "timestamp", {"levels": {"c": "year"}}, "2099-01-01"),
        ("event_time", "timestamp", {"levels": {"c": "dropped"}}, "（留空）"),
        ("event_time", "timestamp", {"levels": {"c": "day"}}, "2099-12-31"),
        ("status_code", "string", {"levels": {"c": "dropped"}}, "（留空）"),
        (
            "sensitive_code",
            "string",
            {"diversity": {"c": {"dropped": True}}},
            "（留空）",
        ),
        ("mobile", "string", {"tokens": "gone"}, "（留空）"),
        ("person_name", "string", {}, "（不提供）"),
        ("amount", "integer", {}, "12"),
        ("amount", "number", {}, "12.50"),
    ],
)
def test_the_example_is_told_as_the_last_version_tells_it(
    kind: str, logical: str, risk: dict[str, Any], told: str
) -> None:
    one = column("c", semantic_type=kind, logical_type=logical)
    about = replace(PEOPLE, columns=(one,))
    assert example(about, one, {"ok": True, "risk": risk}).endswith(f"→ {told}")


def told_by(line: str, lake: Settings) -> dict[str, str]:
    found = rows(PEOPLE, command.gathered(lake, INVENTED, PEOPLE))
    return {row[0]: row[HEADS.index(line)] for row in found}


def test_it_tells_of_every_column_before_anything_was_masked(lake: Settings) -> None:
    found = command.gathered(lake, INVENTED, PEOPLE)
    lines = list(summary(PEOPLE, found))
    assert found.keys == () and "还没有脱敏过的批次" in lines[-1]
    assert "甲" in lines[1] and not any("注意" in line for line in lines)
    assert list(told_by("列", lake)) == [item.name for item in PEOPLE.columns]
    assert told_by("最近一版实际", lake)["born"] == "—"
    assert "研究" in told_by("处理决定", lake)["born"]


def test_it_tells_what_the_published_version_really_says(lake: Settings) -> None:
    published(lake)
    found = command.gathered(lake, INVENTED, PEOPLE)
    assert found.masked is not None and found.published is not None
    text = "\n".join(summary(PEOPLE, found))
    risk, scan = found.masked["risk"], found.masked["leak_scan"]
    assert f"最少 {risk['after']['k']} 人，要求 5 人" in text and "最近发布" in text
    assert f"看了 {scan['cells']:,} 格，发现 0 处，通过" in text
    for name, one in risk["diversity"].items():
        blank = "整列" if one["dropped"] else f"{one['untold_rows']:,} 行"
        needed = f"最少 {one['l']} 种取值（l），要求 {one['needed']} 种；{blank}留空"
        assert needed in text, name
    really = told_by("最近一版实际", lake)
    changed = {
        name for name, level in risk["levels"].items() if level != risk["first"][name]
    }
    assert changed and all(really[name].startswith("因人数少") for name in changed)
    shown = told_by("虚构示例：前 → 后", lake)
    for item in PEOPLE.columns:
        if item.name in changed:
            policy = after(item, treatment(item.semantic_type, "statistics"))
            assert not shown[item.name].endswith(f"→ {policy}"), item.name
    assert really["name"] == really["remark"] == "未发布"
    assert really["record_no"] == "按决定"
    assert [key.state for key in found.keys] == ["现行"] * len(found.masked["key_ids"])


def test_a_later_masking_that_was_not_published_does_not_speak(lake: Settings) -> None:
    published(lake)
    batch = command.gathered(lake, INVENTED, PEOPLE).batch
    later = DAY + timedelta(days=1)
    job, ready = gated(lake, INVENTED, "people", MARKED[:300], day=later)
    mask_batch(job, ready)
    assert command.gathered(lake, INVENTED, PEOPLE).batch == batch != job.batch


def test_what_was_refused_is_not_told_as_good(lake: Settings) -> None:
    """Four people: nothing was written, so nothing was looked at and nothing passed."""
    job, ready = gated(lake, INVENTED, "people", MARKED[:4])
    with pytest.raises(TooFewPeople):
        mask_batch(job, ready)
    text = "\n".join(summary(PEOPLE, command.gathered(lake, INVENTED, PEOPLE)))
    assert "没有通过，没有留下内容" in text and "拒绝发布" in text
    assert "没有可看的格" in text and "处，通过" not in text
    assert set(told_by("最近一版实际", lake).values()) == {"—"}


def test_what_was_deleted_for_a_leak_is_no_version(lake: Settings) -> None:
    rows_with_a_number = [{**row, "office": "电话13945551234"} for row in MARKED]
    job, ready = gated(lake, INVENTED, "people", rows_with_a_number)
    with pytest.raises(LeakFound):
        mask_batch(job, ready)
    text = "\n".join(summary(PEOPLE, command.gathered(lake, INVENTED, PEOPLE)))
    assert "没有通过，没有留下内容" in text and "处，没有通过" in text
    assert set(told_by("最近一版实际", lake).values()) == {"—"}


def officers_of(lake: Settings, contract: Contract) -> list[str]:
    return [word.officer for word in command.gathered(lake, contract, PEOPLE).signed]


def test_who_signed_and_who_confirmed_is_told_while_it_counts(lake: Settings) -> None:
    enrol_officer(lake, "乙")
    confirm(lake, "乙", INVENTED, "people", ("office", "person_name"))
    confirm(lake, "乙", INVENTED, "people", ("*", "under14"))
    sign(lake, "乙", INVENTED, POLICY_VERSION)
    assert officers_of(lake, INVENTED) == ["乙", "甲"]
    told = told_by("确认", lake)
    assert "乙" in told["office"] and "姓名" in told["office"]
    assert told["home"] == "随契约签署"
    found = command.gathered(lake, INVENTED, PEOPLE)
    assert any("整张表的确认：乙" in line for line in summary(PEOPLE, found))
    revoke_officer(lake, "乙")
    assert officers_of(lake, INVENTED) == ["甲"]
    assert told_by("确认", lake)["office"] == "随契约签署"
    other = replace(INVENTED, digest="e")
    found = command.gathered(lake, other, PEOPLE)
    lines = list(summary(PEOPLE, found))
    assert "尚无人签署" in lines[1] and lines[2].startswith("注意")
    assert {row[-1] for row in rows(PEOPLE, found)} == {"尚未签署"}
    sign(lake, "甲", other, POLICY_VERSION)
    assert officers_of(lake, other) == ["甲"]


def test_no_cell_of_the_data_and_no_key_is_shown_and_nothing_is_opened(
    lake: Settings, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    published(lake)
    events = len(list(open_ledger(lake).events()))
    for folder in ("raw", "staging", "shared"):
        for path in lake.home.glob(f"{folder}*"):
            shutil.rmtree(path)
    loaded_mac.cache_clear()
    file = tmp_path / "review.html"
    command.show_review(lake, "invented", "people")
    command.show_review(lake, "invented", "people", file)
    screen = capsys.readouterr().out
    html = file.read_text("utf-8")
    written = lake.layers.review_page("invented.people")
    assert written.read_text("utf-8") == html
    chance = random.Random(3)
    for row in chance.sample(MARKED, 60):
        for name in ("identity_no", "name", "mobile", "card", "home", "record_no"):
            assert str(row[name]) not in screen and str(row[name]) not in html
    assert loaded_mac.cache_info().currsize == 0
    assert len(list(open_ledger(lake).events())) == events
    for head in (*HEADS, *KEY_HEADS):
        assert head in html
    assert "脱敏审阅" in screen and "网页" in screen


def test_what_departments_write_is_escaped(lake: Settings) -> None:
    odd: Column = replace(PEOPLE.columns[0], business_name="<script>")
    table = replace(PEOPLE, columns=(odd,))
    html = page(table, command.gathered(lake, INVENTED, table))
    assert "<script>" not in html and "&lt;script&gt;" in html


@pytest.mark.parametrize(
    "odd", ["金额[rmb]", "表[/b]", "[link=https://a.invalid]额[/link]"]
)
def test_what_departments_write_in_brackets_is_read_and_not_obeyed(
    lake: Settings, capsys: pytest.CaptureFixture[str], odd: str
) -> None:
    columns = (replace(PEOPLE.columns[0], business_name=odd),)
    table = replace(PEOPLE, business_name=odd, columns=columns)
    command._print(table, command.gathered(lake, INVENTED, table))
    told = "".join(capsys.readouterr().out.split())
    assert told.count(odd) == 2 and "\x1b]8" not in told


@pytest.mark.parametrize(
    ("kind", "code", "told"),
    [
        ("diagnosis_code", "I10", "I10 → I00-I99"),
        ("address", "海伦市", "海伦市 → 海伦市"),
    ],
)
def test_a_column_with_codes_is_shown_by_one_of_them(
    kind: str, code: str, told: str
) -> None:
    one = column("c", semantic_type=kind, codes=(code,))
    assert example(replace(PEOPLE, columns=(one,)), one, None) == told


def test_an_unknown_table_is_refused_with_those_there_are(lake: Settings) -> None:
    with pytest.raises(UsageError, match="people"):
        command.show_review(lake, "invented", "shoes")
