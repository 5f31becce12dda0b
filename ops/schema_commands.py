"""`./lake schema …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import typer

from lake_config import errors
from lake_config.settings import load

schema_app = typer.Typer(help="源端结构", no_args_is_help=True)
Which = Annotated[str | None, typer.Argument(help="部门代码；不写则全部部门")]
Day = Annotated[
    str | None, typer.Option("--date", help="交付日期 YYYY-MM-DD，默认今天")
]


@schema_app.command("refresh")
def schema_refresh(department: Which = None, day: Day = None) -> None:
    """查看各数据源的表结构，记入 lake_config/schemas；只记列名和类型，不记内容。"""
    from ops.schema import refresh_schemas

    refresh_schemas(load(), department, _day(day))


@schema_app.command("diff")
def schema_diff(department: Which = None, day: Day = None) -> None:
    """列出源端现在的结构与上次所见的差别和处理办法；有不予归集的差别时退出码 22。"""
    from ops.schema import show_drift

    show_drift(load(), department, _day(day))


def _day(text: str | None) -> date:
    from lake_config.calendar import city_today

    try:
        return city_today() if text is None else date.fromisoformat(text)
    except ValueError:
        raise errors.UsageError(f"日期应写作 YYYY-MM-DD，收到的是“{text}”。") from None
