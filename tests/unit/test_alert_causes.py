"""Which failures are told of, why they are said to have happened, and how people see them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta

import pytest

from audit.events import KINDS
from audit.ledger import init_ledger, open_ledger
from jobs.alert_words import CAUSES, TITLES, kind_for, why_and_advice
from jobs.failures import alert, give_up, record_failure
from lake_config import errors
from lake_config.calendar import city_today
from lake_config.errors import NotifyFailed
from lake_config.layers import batch_id
from lake_config.settings import Settings
from ops.alerts import show_alerts
from ops.exit_codes import lake_errors
from tests.lib.small_lake import DAY, lake_command
from tests.lib.webhook import Webhook, webhook
from tests.unit.test_alerts import log, logged, tell

ABOUT = ("medical_insurance", "insured_persons", DAY)


@pytest.fixture
def lake(settings: Settings) -> Settings:
    settings.home.mkdir(mode=0o700)
    init_ledger(settings)
    return settings


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with webhook() as found:
        yield found


@pytest.mark.parametrize(
    ("error", "what"),
    [
        (errors.ShortDelivery, ["short_delivery"]),
        (errors.SchemaChanged, ["drift"]),
        (errors.GateFailed, ["gate_failed"]),
        (errors.EmptyDelivery, ["failed:land"]),
        (errors.SourceUnavailable, []),  # tried again
        (errors.JobFailed, []),
        (errors.LeakFound, []),  # told by the scan itself
        (errors.OutOfTurn, ["failed:land"]),
    ],
)
def test_which_failures_are_told_at_once(
    lake: Settings, error: type[errors.LakeError], what: list[str]
) -> None:
    record_failure(lake, *ABOUT, "land", error("x"))
    assert [item.what for item in logged(lake) if item] == what


def test_what_follows_from_a_failure_is_not_told_again(lake: Settings) -> None:
    record_failure(lake, *ABOUT, "land", errors.EmptyDelivery("x"))
    record_failure(lake, ABOUT[0], None, DAY, "gate", errors.OutOfTurn("x"))
    record_failure(lake, ABOUT[0], "settlements", DAY, "release", errors.OutOfTurn("x"))
    assert len(logged(lake)) == 1
    other = DAY + timedelta(days=1)
    record_failure(lake, ABOUT[0], None, other, "gate", errors.OutOfTurn("x"))
    assert len(logged(lake)) == 2


def judged(lake: Settings, table: str, ok: bool, *reasons: str) -> None:
    facts = {"ok": ok, "department": ABOUT[0], "table": table, "date": str(DAY)}
    body = {**dict.fromkeys(KINDS["gated"]), **facts, "reasons": list(reasons)}
    open_ledger(lake).append("gated", "jobs", batch_id(ABOUT[0], table, DAY), body)


def test_the_gate_of_a_department_tells_of_each_table(lake: Settings) -> None:
    judged(lake, "good", True)
    judged(lake, "short", False, "rows_down")
    judged(lake, "bad", False, "quarantined_share")
    record_failure(lake, ABOUT[0], None, DAY, "gate", errors.ShortDelivery("x"))
    told = {item.table: item.what for item in logged(lake) if item}
    assert told == {"short": "short_delivery", "bad": "gate_failed"}
    judged(lake, "bad", False, "quarantined_share")
    record_failure(lake, ABOUT[0], None, DAY, "gate", errors.GateFailed("x"))
    assert [item.table for item in logged(lake) if item][2:] == ["bad"]
    record_failure(lake, ABOUT[0], None, DAY, "gate", errors.KeyUnavailable("x"))
    assert [item.table for item in logged(lake) if item][3:] == ["*"]


def test_a_refused_table_hides_no_other_failure(lake: Settings) -> None:
    """What is tried again is not told of yet, but what was refused beside it is."""
    judged(lake, "bad", False, "quarantined_share")
    record_failure(lake, ABOUT[0], None, DAY, "gate", errors.JobFailed("x"))
    assert [(item.table, item.what) for item in logged(lake) if item] == [
        ("bad", "gate_failed")
    ]
    judged(lake, "bad", False, "quarantined_share")
    record_failure(lake, ABOUT[0], None, DAY, "gate", errors.TableDamaged("x"))
    assert [(item.table, item.what) for item in logged(lake) if item][1:] == [
        ("bad", "gate_failed"),
        ("*", "failed:gate"),
    ]


@pytest.mark.parametrize(
    ("error", "told"),
    [(errors.SourceUnavailable, 1), (errors.EmptyDelivery, 1), (None, 1)],
)
def test_the_scheduler_giving_up_is_told_once(
    lake: Settings, error: type[errors.LakeError] | None, told: int
) -> None:
    """Of a killed process nobody knows why; a refusal was told when it happened."""
    if error:
        record_failure(lake, *ABOUT, "land", error("x"))
    give_up(lake, *ABOUT, "land")
    found = [item for item in logged(lake) if item]
    assert [item.what for item in found] == ["failed:land"] * told
    assert found[0].why == CAUSES[error.__name__ if error else ""][0]


def test_every_error_has_a_cause_and_advice_in_chinese() -> None:
    """A class that is missing here would be told as an unknown error."""
    missing = {kind.__name__ for kind in lake_errors()} - set(CAUSES)
    assert not missing, f"add to jobs/alert_words.py: {missing}"
    for kind in lake_errors():
        what = kind_for(kind.__name__, "land")
        assert all(why_and_advice(what, kind.__name__).values())


def test_an_alert_of_no_known_kind_is_refused(lake: Settings) -> None:
    with pytest.raises(KeyError):
        alert(lake, *ABOUT, "李四")
    assert not list(open_ledger(lake).events())


def test_the_list_is_a_table_in_chinese(
    lake: Settings, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "200")
    for what in TITLES:
        alert(lake, *ABOUT, what)
    tell(lake, "json://127.0.0.1:9/secret")
    show_alerts(lake, 50, False)
    said = capsys.readouterr().out
    assert all(heading in said for heading in TITLES.values())
    assert f"还有 {len(TITLES)} 条未送达" in said
    assert "secret" not in said and str(city_today().year) in said
    show_alerts(lake, 2, True)
    assert len(json.loads(capsys.readouterr().out)) == 2


def test_the_command_ends_with_its_own_code(lake: Settings, hook: Webhook) -> None:
    tell(lake, hook.address)
    log(lake, 1)
    hook.mood = "500"
    code, said = lake_command(lake, "alerts", "send")
    assert code == NotifyFailed.exit_code and "未送达 1 条" in said
