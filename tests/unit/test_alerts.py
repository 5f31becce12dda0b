"""Alerts reach a real receiver, each line once, whatever the receiver does meanwhile."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest

from audit.ledger import init_ledger, open_ledger
from jobs.alert_log import Alert, append, entries
from jobs.failures import alert, record_failure
from jobs.tell_receivers import RECEIVERS, tell_receivers
from lake_config import errors
from lake_config.errors import LedgerUnwritable, NotifyFailed
from lake_config.settings import Settings, write_private
from ops import outbox
from ops.alerts import receivers, send_alerts
from tests.lib.small_lake import DAY
from tests.lib.webhook import HANGS, Webhook, webhook

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


def tell(lake: Settings, *addresses: str) -> None:
    write_private(lake.layers.secrets / RECEIVERS, "\n".join(addresses) + "\n")


def line(number: int, age: timedelta = timedelta()) -> Alert:
    now = (datetime.now(UTC) - age).isoformat(timespec="seconds")
    return Alert(now, "d", f"t{number}", "2026-03-02", "late", "why", "advice")


def log(lake: Settings, *numbers: int, age: timedelta = timedelta()) -> None:
    for number in numbers:
        append(lake.layers.alerts, line(number, age))


def tables(hook: Webhook) -> list[str]:
    return [title.rsplit(" ", 1)[-1] for title in hook.titles()]


def logged(lake: Settings) -> list[Alert | None]:
    return [entry.alert for entry in entries(lake.layers.alerts)]


def test_a_failure_is_in_the_ledger_the_log_and_at_the_receiver(
    lake: Settings, hook: Webhook
) -> None:
    tell(lake, hook.address)
    record_failure(
        lake, *ABOUT, "gate", errors.ShortDelivery("张三 230102199001011234")
    )
    assert [event.kind for event in open_ledger(lake).events()] == ["failed", "alert"]
    [found] = logged(lake)
    assert found and (found.department, found.table, found.what) == (
        "medical_insurance",
        "insured_persons",
        "short_delivery",
    )
    [got] = hook.got
    assert got["title"].startswith("【数据湖告警】交付数量不足：")
    for part in ("部门：", "表：", "交付日期：2026-03-02", "原因：", "处理办法："):
        assert part in got["message"]
    assert "张三" not in json.dumps(got, ensure_ascii=False)
    assert "张三" not in lake.layers.alerts.read_text("utf-8")


def test_without_receivers_there_is_only_the_log(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = []
    monkeypatch.setattr("jobs.tell_receivers.subprocess.run", started.append)
    alert(lake, *ABOUT, "late")
    assert len(logged(lake)) == 1
    assert not started


def test_each_line_goes_once_to_each_receiver(lake: Settings, hook: Webhook) -> None:
    with webhook() as other:
        tell(lake, hook.address, other.address)
        log(lake, 1, 2)
        send_alerts(lake)
        log(lake, 3)
        send_alerts(lake)
        send_alerts(lake)
        assert tables(hook) == tables(other) == ["t1", "t2", "t3"]


def test_a_receiver_that_answers_500_gets_all_once_it_is_back(
    lake: Settings, hook: Webhook
) -> None:
    with webhook() as good:
        tell(lake, hook.address, good.address)
        log(lake, 1, 2)
        hook.mood = "500"
        with pytest.raises(NotifyFailed) as told:
            send_alerts(lake)
        assert "127.0.0.1" not in str(told.value)
        assert tables(good) == ["t1", "t2"]
        assert (hook.asked, hook.got) == (1, []), "the first refusal ends the run"
        hook.mood = "takes"
        log(lake, 3)
        send_alerts(lake)
        assert tables(hook) == tables(good) == ["t1", "t2", "t3"]


def test_a_receiver_that_hangs_holds_up_nobody(
    lake: Settings, hook: Webhook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ops.alerts.SEND_SECONDS", 5.0)
    with webhook() as good:
        tell(lake, hook.address, good.address)
        log(lake, 1, 2)
        hook.mood = "hangs"
        began = time.monotonic()
        with pytest.raises(NotifyFailed):
            send_alerts(lake)
        assert time.monotonic() - began < HANGS / 2
        assert tables(good) == ["t1", "t2"]
        hook.mood = "takes"
        hook.awake.set()
        until = time.monotonic() + HANGS
        while outbox.outstanding(lake, hook.address) and time.monotonic() < until:
            with suppress(NotifyFailed):
                send_alerts(lake)
        assert tables(hook) == ["t1", "t2"]


def test_a_job_waits_for_no_receiver_longer_than_it_may(
    lake: Settings, hook: Webhook
) -> None:
    tell(lake, hook.address)
    log(lake, 1)
    hook.mood = "hangs"
    began = time.monotonic()
    tell_receivers(lake, 1.5)
    assert time.monotonic() - began < HANGS / 2
    assert outbox.outstanding(lake, hook.address) == 1


def test_two_senders_do_not_send_twice(lake: Settings, hook: Webhook) -> None:
    log(lake, *range(10))

    def slowly(address: str, alert: Alert | None) -> bool:
        assert alert
        time.sleep(0.01)
        sent.append(alert.table)
        return True

    sent: list[str] = []
    both = [
        threading.Thread(target=outbox.deliver, args=(lake, ["a"], slowly, HANGS))
        for _ in range(2)
    ]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    outbox.deliver(lake, ["a"], slowly, HANGS)
    assert sent == [f"t{number}" for number in range(10)]


def test_a_newcomer_gets_the_last_day_only(lake: Settings, hook: Webhook) -> None:
    log(lake, 1, age=timedelta(hours=25))
    log(lake, 2)
    tell(lake, hook.address)
    send_alerts(lake)
    assert tables(hook) == ["t2"]


def test_a_torn_line_is_closed_and_told_of(lake: Settings, hook: Webhook) -> None:
    log(lake, 1)
    with lake.layers.alerts.open("ab") as file:
        file.write(b'{"time": "2026-')
    tell(lake, hook.address)
    send_alerts(lake)
    assert tables(hook) == ["t1"], "what is still being written is left alone"
    log(lake, 2)
    send_alerts(lake)
    assert hook.titles()[1] == "【数据湖告警】日志损坏"
    assert tables(hook)[2] == "t2"


def test_a_log_begun_anew_is_sent(lake: Settings, hook: Webhook) -> None:
    tell(lake, hook.address)
    log(lake, 1, 2)
    send_alerts(lake)
    lake.layers.alerts.unlink()
    log(lake, 3)
    send_alerts(lake)
    assert tables(hook) == ["t1", "t2", "t3"]


def test_an_address_nobody_knows_holds_up_no_other(
    lake: Settings, hook: Webhook
) -> None:
    tell(lake, "# the city's hotline", "carrier-pigeon://loft/secret", hook.address)
    assert len(receivers(lake)) == 2
    log(lake, 1)
    with pytest.raises(NotifyFailed, match="Apprise") as told:
        send_alerts(lake)
    assert "loft" not in str(told.value) and "secret" not in str(told.value)
    assert tables(hook) == ["t1"]


def test_addresses_lie_in_a_private_file(lake: Settings, hook: Webhook) -> None:
    tell(lake, hook.address)
    (lake.layers.secrets / RECEIVERS).chmod(0o644)
    with pytest.raises(errors.SettingsError, match="chmod 600"):
        send_alerts(lake)
    (lake.layers.secrets / RECEIVERS).chmod(0o600)
    log(lake, 1)
    send_alerts(lake)
    kept = [path.read_text("utf-8") for path in (lake.layers.state).rglob("*.json")]
    assert not [text for text in kept if "127.0.0.1" in text]


def test_the_log_that_cannot_be_written_fails_no_job(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    lake.layers.logs.mkdir(parents=True)
    lake.layers.alerts.mkdir()
    alert(lake, *ABOUT, "late")
    assert "告警日志写不进去" in capsys.readouterr().err
    assert [event.kind for event in open_ledger(lake).events()] == ["alert"]


def test_without_a_ledger_the_log_still_tells(
    lake: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise LedgerUnwritable("full")

    monkeypatch.setattr("audit.ledger.Ledger.append", full)
    with pytest.raises(LedgerUnwritable):
        record_failure(lake, *ABOUT, "land", errors.EmptyDelivery("x"))
    [found] = logged(lake)
    assert found and found.what == "failed:land" and "账本" in found.why
