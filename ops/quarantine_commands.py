"""`./lake quarantine …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from typing import Annotated

import typer

from lake_config.settings import load
from ops.delivery_day import Day, delivery_day

quarantine_app = typer.Typer(help="隔离区", no_args_is_help=True)
Department = Annotated[str, typer.Argument(help="部门代码，如 medical_insurance")]
TableName = Annotated[str | None, typer.Option("--table", help="只处理这一张表")]


@quarantine_app.command("list")
def quarantine_list(
    department: Annotated[
        str | None, typer.Argument(help="部门代码；不写则全部部门")
    ] = None,
    table: TableName = None,
    day: Day = None,
    rule: Annotated[
        str | None, typer.Option("--rule", help="只看这一条规则，如 parse.issued_on")
    ] = None,
) -> None:
    """隔离行的规则、数量和源系统记录号（仅限契约声明为非个人信息的记录号）。"""
    from ops.quarantine import show_quarantine

    show_quarantine(load(), department, table, delivery_day(day), rule)


@quarantine_app.command("return")
def quarantine_return(
    department: Department, table: TableName = None, day: Day = None
) -> None:
    """把隔离行完整退回数源部门自己的通道。"""
    from ops.quarantine import return_quarantine

    return_quarantine(load(), department, table, delivery_day(day))


@quarantine_app.command("sign")
def quarantine_sign(
    department: Department,
    officer: Annotated[str, typer.Option("--officer", help="安全管理员")],
) -> None:
    """安全管理员审阅并签署一个部门的更正规则。"""
    from ops.quarantine import sign_rules

    sign_rules(load(), department, officer)


@quarantine_app.command("replay")
def quarantine_replay(
    department: Department,
    table: Annotated[str, typer.Option("--table", help="哪一张表")],
    day: Annotated[str, typer.Option("--date", help="交付日期 YYYY-MM-DD")],
) -> None:
    """按已签署的规则更正隔离行，重新把关，合格的与已接收的行一起发布为新版本。"""
    from ops.pipeline import replay_table

    replay_table(load(), department, table, delivery_day(day))
