"""`./lake alerts …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from typing import Annotated

import typer

from lake_config.settings import load

alerts_app = typer.Typer(help="告警")
Last = Annotated[int, typer.Option("--last", min=1, help="最近多少条")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]


@alerts_app.callback(invoke_without_command=True)
def alerts(context: typer.Context) -> None:
    """告警；不写子命令则列出最近的告警。"""
    if context.invoked_subcommand is None:
        alerts_list()


@alerts_app.command("list")
def alerts_list(last: Last = 50, as_json: AsJson = False) -> None:
    """列出最近的告警：部门、表、事由、原因、处理办法。"""
    from ops.alerts import show_alerts

    show_alerts(load(), last, as_json)


@alerts_app.command("send")
def alerts_send() -> None:
    """把还没有送达的告警发给各接收方。"""
    from ops.alerts import send_alerts

    send_alerts(load())


@alerts_app.command("check")
def alerts_check() -> None:
    """按契约的更新周期检查时效，按办理期限检查工单；每次逾期只告警一次。"""
    from ops.late_tables import check_freshness
    from ops.tickets import check_tickets

    settings = load()
    check_freshness(settings)
    check_tickets(settings)
