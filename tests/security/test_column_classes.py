"""Findings on the way to publication: recorded, told, refused, confirmed, settled."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from audit.events import canonical
from audit.ledger import open_ledger
from audit.tickets import CLASSES
from jobs.classify import classify, newest_batch
from jobs.column_classes import WHOLE_TABLE
from jobs.context import Job
from jobs.mask import mask_batch
from jobs.publish import publish
from jobs.steps import Masked
from jobs.tickets import tickets_of
from lake_config.contract import Contract
from lake_config.errors import ClassUnconfirmed, NothingToDo, OutOfTurn, UsageError
from lake_config.settings import Settings
from ops.classification import confirm_class, show_classes
from privacy import person_count
from privacy.approval import sign
from privacy.class_confirmation import confirm, unconfirmed
from privacy.officers import enrol_officer, revoke_officer
from privacy.policy import POLICY_VERSION
from privacy.table_tags import UNDER_14
from tests.lib.gated_batch import (
    DAY,
    INVENTED,
    OFFICER,
    PEOPLE,
    gated,
    last,
    new_lake,
    people,
    renamed,
)
from tests.lib.identifiers import MAKERS

CHANCE = random.Random(3)
LANDLINES = ("office", "landline")
"""The leak scan knows no landlines, so that what follows is the findings' alone."""


@pytest.fixture
def lake(settings: Settings) -> Settings:
    new_lake(settings, INVENTED)
    return settings


def rows(count: int, phones: int) -> list[dict[str, Any]]:
    """People, the last of whom have a landline where their office is expected."""
    made = people(count)
    for row in made[count - phones :]:
        row["office"] = MAKERS["CN_LANDLINE"](CHANCE)[1]
    return made


def masked(
    settings: Settings, phones: int, day: int = 0, contract: Contract = INVENTED
) -> tuple[Job, Masked]:
    job, before = gated(
        settings, contract, "people", rows(60, phones), day=DAY + timedelta(days=day)
    )
    return job, mask_batch(job, before)


def kinds(settings: Settings) -> list[str]:
    return [event.kind for event in open_ledger(settings).events()]


def test_a_quiet_batch_has_nothing_to_confirm(lake: Settings) -> None:
    job, done = masked(lake, 0)
    assert done.body["classes"]["findings"] == []
    assert done.body["classes"]["looked_at"] == [
        "home", "illness", "office", "paid", "times",
    ]  # fmt: skip
    assert done.body["under14"] == 0 and abs(done.body["persons"] - 60) <= 4
    assert publish(job, done).body["ok"]
    assert "ticket" not in kinds(lake)


@pytest.mark.parametrize(("phones", "why"), [(60, "classified"), (3, "appears")])
def test_a_finding_is_recorded_told_and_not_published(
    lake: Settings, phones: int, why: str
) -> None:
    job, done = masked(lake, phones)
    assert done.body["ok"], "the scan itself found nothing"
    [found] = done.body["classes"]["findings"]
    assert found == {
        "column": "office",
        "name": "landline",
        "why": why,
        "cells": phones,
    }
    [ticket] = tickets_of(job.ledger, job, CLASSES)
    assert (ticket.kinds, ticket.columns) == (("landline",), ("office",))
    with pytest.raises(ClassUnconfirmed) as refusal:
        publish(job, done)
    assert refusal.value.exit_code == 35 and "office" in str(refusal.value)
    assert "0455" not in str(refusal.value)
    assert not lake.layers.shared.exists()


def test_an_officer_s_confirmation_lets_it_through_and_settles_the_ticket(
    lake: Settings,
) -> None:
    job, done = masked(lake, 5)
    confirm(lake, OFFICER, INVENTED, "people", LANDLINES)
    with pytest.raises(NothingToDo):
        mask_batch(job, last_gated(job))
    assert publish(job, Masked.load(job)).body["ok"]
    assert tickets_of(job.ledger, job, CLASSES) == []
    again, later = masked(lake, 6, day=1)
    assert publish(again, later).body["ok"], "a confirmation holds for later batches"
    assert kinds(lake).count("ticket") == 1


def last_gated(job: Job) -> Any:
    from jobs.steps import Gated

    return Gated.load(job)


def test_a_confirmation_is_for_one_contract_one_class_and_one_place(
    lake: Settings,
) -> None:
    confirm(lake, OFFICER, INVENTED, "people", LANDLINES)
    wanted = [LANDLINES, ("office", "mobile"), ("home", "landline")]
    assert unconfirmed(lake, INVENTED, "people", wanted) == (
        ("office", "mobile"),
        ("home", "landline"),
    )
    assert unconfirmed(lake, INVENTED, "others", [LANDLINES]) == (LANDLINES,)
    changed = renamed(INVENTED, "e")
    assert unconfirmed(lake, changed, "people", [LANDLINES]) == (LANDLINES,)


def test_a_confirmation_ends_with_its_officer_its_file_and_its_rules(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    enrol_officer(lake, "乙")
    confirm(lake, "乙", INVENTED, "people", LANDLINES)
    assert unconfirmed(lake, INVENTED, "people", [LANDLINES]) == ()
    [path] = (lake.layers.state / "class_confirmations").iterdir()
    good = path.read_text("utf-8")
    path.write_text(good.replace(good[20:22], "zz"), "utf-8")
    assert unconfirmed(lake, INVENTED, "people", [LANDLINES]) == (LANDLINES,)
    path.write_text(good, "utf-8")
    with monkeypatch.context() as other:
        other.setattr("privacy.class_confirmation.RULES", "2.other")
        assert unconfirmed(lake, INVENTED, "people", [LANDLINES]) == (LANDLINES,)
    revoke_officer(lake, "乙")
    assert unconfirmed(lake, INVENTED, "people", [LANDLINES]) == (LANDLINES,)


def test_an_event_without_a_signature_confirms_nothing(lake: Settings) -> None:
    enrol_officer(lake, "乙")
    confirm(lake, "乙", INVENTED, "people", LANDLINES)
    [event] = open_ledger(lake).events("class_confirmed")
    forged = {**event.body, "column": "home"}
    open_ledger(lake).append("class_confirmed", "乙", event.subject, forged)
    assert unconfirmed(lake, INVENTED, "people", [("home", "landline")]) == (
        ("home", "landline"),
    )


def test_a_stricter_contract_needs_no_confirmation(lake: Settings) -> None:
    columns = tuple(
        replace(item, semantic_type="landline") if item.name == "office" else item
        for item in PEOPLE.columns
    )
    stricter = renamed(
        replace(INVENTED, tables=(replace(PEOPLE, columns=columns),)), "e"
    )
    enrol_officer(lake, "乙")
    for officer in (OFFICER, "乙"):
        sign(lake, officer, stricter, POLICY_VERSION)
    job, done = masked(lake, 60, contract=stricter)
    assert done.body["classes"]["findings"] == []
    assert publish(job, done).body["ok"]


def test_what_was_masked_by_other_rules_is_masked_again(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("jobs.column_classes.RULES", "0.older")
    job, done = masked(lake, 0)
    monkeypatch.undo()
    with pytest.raises(OutOfTurn):
        publish(job, done)
    assert publish(job, mask_batch(job, last_gated(job))).body["ok"]


def test_children_need_a_contract_that_speaks_of_them(lake: Settings) -> None:
    made = people(10)
    made[3]["born"] = "2020-01-01"
    job, before = gated(lake, INVENTED, "people", made)
    done = mask_batch(job, before)
    assert done.body["under14"] == 1
    with pytest.raises(ClassUnconfirmed):
        publish(job, done)
    confirm(lake, OFFICER, INVENTED, "people", (WHOLE_TABLE, UNDER_14))
    assert publish(job, done).body["ok"]


def test_a_contract_that_speaks_of_children_is_enough(lake: Settings) -> None:
    told = renamed(replace(INVENTED, tables=(replace(PEOPLE, minors=True),)), "e")
    sign(lake, OFFICER, told, POLICY_VERSION)
    made = people(10)
    made[3]["identity_no"] = "231202202001011234"
    job, before = gated(lake, told, "people", made)
    done = mask_batch(job, before)
    assert done.body["under14"] == 1 and publish(job, done).body["ok"]


def test_a_level_of_persons_is_told_of_once(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(person_count.reached, "__defaults__", ((50, 100),))
    for day in range(3):
        masked(lake, 0, day=day)
    told = [event.body for event in open_ledger(lake).events("persons_counted")]
    assert [(body["level"], body["table"]) for body in told] == [(50, "people")]
    alerts = [event.body["what"] for event in open_ledger(lake).events("alert")]
    assert alerts == ["many_persons:50"]


def test_the_command_reads_the_newest_batch_and_records_proposals(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    for day in (0, 1):
        gated(
            lake, INVENTED, "people", rows(60, 60 * day), day=DAY + timedelta(days=day)
        )
    job = newest_batch(Job(lake, INVENTED, PEOPLE, DAY, "classify"))
    assert job.date == DAY + timedelta(days=1)
    found = classify(job, "somebody")
    assert [item.name for item in found.findings] == ["landline"]
    body = last(lake, "class_proposed", job.batch).body
    assert {item["column"] for item in body["proposals"]} == {
        item.name for item in PEOPLE.columns
    }
    said = canonical(body).decode() + capsys.readouterr().out
    told = [
        cell
        for row in people(60)
        for cell in (row["identity_no"], row["mobile"], row["card"], row["home"])
    ]
    assert not [cell for cell in told if cell in said]


def test_the_commands_speak_of_classes_never_of_cells(
    lake: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.classification.find_contract", lambda *_: INVENTED)
    show_classes(lake, "invented", None, False)
    assert "还没有归集" in capsys.readouterr().out
    masked(lake, 5)
    monkeypatch.setenv("COLUMNS", "200")
    show_classes(lake, "invented", "people", True)
    said = capsys.readouterr().out
    assert "校验位通过" in said and "0455" not in said and "231202" not in said
    with pytest.raises(UsageError, match="没有发现"):
        confirm_class(lake, "invented", "people", "office", "vin", OFFICER)
    with pytest.raises(UsageError, match="没有安全管理员"):
        confirm_class(lake, "invented", "people", "office", "landline", "生人")
    confirm_class(lake, "invented", "people", "office", "landline", OFFICER)
    assert "已确认" in capsys.readouterr().out
    assert kinds(lake)[-1] == "class_confirmed"
    with pytest.raises(UsageError, match="没有表"):
        show_classes(lake, "invented", "nothing", False)
