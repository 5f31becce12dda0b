"""Alerts for people: as a list, and on their way to the receivers."""

from __future__ import annotations

import json
from collections import deque
from dataclasses import asdict
from datetime import datetime
from typing import Any

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table as Grid

from jobs.alert_log import Alert, entries
from jobs.alert_words import title
from jobs.tell_receivers import RECEIVERS
from lake_config.calendar import CITY_TIME
from lake_config.contract_loader import sound_contracts
from lake_config.errors import NotifyFailed
from lake_config.settings import Settings
from ops import notifier, outbox

SEND_SECONDS = 15
STATES = {
    outbox.DONE: "已全部送达",
    outbox.FAILING: "对方没有收下",
    outbox.BUSY: "另一个进程正在发送",
    outbox.SLOW: "限时内没有应答",
}
NOT_KNOWN = "地址不是 Apprise 认识的写法，请按 docs/reference/alerts.md 改正"
UNREADABLE = "告警日志中有一行无法读取，请系统管理员查看日志文件。"
HEADINGS = ("时间", "部门、表、交付日期", "事由", "原因", "处理办法")


def show_alerts(settings: Settings, last: int, as_json: bool) -> None:
    """The latest alerts, oldest first, and who has not been told of them."""
    found = deque((entry.alert for entry in entries(settings.layers.alerts)), last)
    alerts = [alert for alert in found if alert]
    if as_json:
        rows = [asdict(alert) for alert in alerts]
        print(json.dumps(rows, ensure_ascii=False, indent=2))  # noqa: T201
        return
    console = Console()
    console.print(_grid(alerts) if alerts else "还没有告警。")
    for number, address in enumerate(receivers(settings), 1):
        waiting = outbox.outstanding(settings, address)
        told = f"还有 {waiting} 条未送达" if waiting else "已全部送达"
        console.print(f"接收方 {number}（{_scheme(address)}）：{told}")


def _grid(alerts: list[Alert]) -> Grid:
    grid = Grid(title="告警", title_justify="left", box=SIMPLE, padding=(0, 1))
    for name in HEADINGS:
        grid.add_column(name, overflow="fold")
    for alert in alerts:
        grid.add_row(*_cells(alert))
    return grid


def _cells(alert: Alert) -> tuple[str, ...]:
    return (
        _city_time(alert.time).replace(" ", "\n"),
        f"{alert.department}\n{alert.table}\n{alert.date}",
        _heading(alert.what),
        alert.why,
        alert.advice,
    )


def _city_time(text: str) -> str:
    moment = datetime.fromisoformat(text).astimezone(CITY_TIME)
    return f"{moment:%Y-%m-%d %H:%M}"


def _heading(what: str) -> str:
    """In Chinese; the log may be older than the words of today."""
    _, _, detail = what.partition(":")
    try:
        heading = title(what)
    except KeyError:
        return what
    return f"{heading}（{detail}）" if detail else heading


def send_alerts(settings: Settings) -> None:
    """Send what is outstanding; NotifyFailed when a receiver has not taken all of it."""
    addresses = receivers(settings)
    if not addresses:
        Console().print(f"没有接收方（secrets/{RECEIVERS}），告警只在日志里。")
        return
    names = _business_names(settings)

    def send(address: str, alert: Alert | None) -> bool:
        return notifier.send(address, *message(alert, names))

    results = outbox.deliver(settings, addresses, send, SEND_SECONDS)
    lines = [
        f"接收方 {number}（{_scheme(address)}）：{_state(address, result)}，"
        f"送出 {result.sent} 条，未送达 {result.outstanding} 条"
        for number, (address, result) in enumerate(
            zip(addresses, results, strict=True), 1
        )
    ]
    text = "\n".join(lines)
    if any(result.state in (outbox.FAILING, outbox.SLOW) for result in results):
        raise NotifyFailed(f"{text}\n未送达的告警会自动重发。请检查接收方和网络。")
    Console().print(text)


def _state(address: str, result: outbox.Delivery) -> str:
    failing = result.state == outbox.FAILING
    return (
        NOT_KNOWN if failing and not notifier.usable(address) else STATES[result.state]
    )


def message(alert: Alert | None, names: dict[str, str]) -> tuple[str, str]:
    """Heading and text for a receiver: names, dates and closed words."""
    if alert is None:
        return "【数据湖告警】日志损坏", UNREADABLE
    department = names.get(alert.department, alert.department)
    table = names.get(f"{alert.department}.{alert.table}", alert.table)
    heading = f"【数据湖告警】{_heading(alert.what)}：{department} {table}"
    facts: dict[str, Any] = {
        "部门": f"{department}（{alert.department}）",
        "表": "全部表" if alert.table == "*" else f"{table}（{alert.table}）",
        "交付日期": alert.date,
        "事由": _heading(alert.what),
        "原因": alert.why,
        "处理办法": alert.advice,
        "时间": _city_time(alert.time),
    }
    return heading, "\n".join(f"{name}：{value}" for name, value in facts.items())


def receivers(settings: Settings) -> list[str]:
    """Addresses from the secret file, each once; none where there is no such file."""
    if not (settings.layers.secrets / RECEIVERS).exists():
        return []
    lines = [line.strip() for line in settings.secret(RECEIVERS).splitlines()]
    return list(
        dict.fromkeys(line for line in lines if line and not line.startswith("#"))
    )


def _scheme(address: str) -> str:
    return address.partition("://")[0]


def _business_names(settings: Settings) -> dict[str, str]:
    """Department and table to their Chinese names; a broken contract takes none away."""
    sound, _ = sound_contracts(settings.contracts)
    names = {contract.department: contract.business_name for contract in sound}
    for contract in sound:
        for table in contract.tables:
            names[f"{contract.department}.{table.name}"] = table.business_name
    return names
