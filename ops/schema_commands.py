"""`./lake schema …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from typing import Annotated

import typer

from lake_config.settings import load
from ops.delivery_day import Day, delivery_day

schema_app = typer.Typer(help="源端结构", no_args_is_help=True)
Which = Annotated[str | None, typer.Argument(help="部门代码；不写则全部部门")]


@schema_app.command("refresh")
def schema_refresh(department: Which = None, day: Day = None) -> None:
    """查看各数据源的表结构，记入 lake_config/schemas；只记列名和类型，不记内容。"""
    from ops.schema import refresh_schemas

    refresh_schemas(load(), department, delivery_day(day))


@schema_app.command("diff")
def schema_diff(department: Which = None, day: Day = None) -> None:
    """列出源端现在的结构与上次所见的差别和处理办法；有不予归集的差别时退出码 22。"""
    from ops.schema import show_drift

    show_drift(load(), department, delivery_day(day))
