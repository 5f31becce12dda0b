"""`./lake tickets …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from typing import Annotated

import typer

from lake_config.settings import load

tickets_app = typer.Typer(help="工单")
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]


@tickets_app.callback(invoke_without_command=True)
def tickets(context: typer.Context) -> None:
    """工单；不写子命令则列出全部未办结的工单。"""
    if context.invoked_subcommand is None:
        tickets_list()


@tickets_app.command("list")
def tickets_list(
    department: Annotated[
        str | None, typer.Argument(help="部门代码；不写则全部部门")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """列出未办结的工单：部门、事由、开出日期、办理期限，标出逾期。"""
    from ops.tickets import show_tickets

    show_tickets(load(), department, as_json)


@tickets_app.command("extend")
def tickets_extend(
    department: Annotated[str, typer.Argument(help="部门代码")],
    number: Annotated[str, typer.Argument(help="工单编号，见 ./lake tickets")],
    officer: Annotated[str, typer.Option("--officer", help="批准的安全管理员")],
) -> None:
    """经批准，把一件工单的核办期限延长到较长的一档。"""
    from ops.tickets import extend_ticket

    extend_ticket(load(), department, number, officer)
