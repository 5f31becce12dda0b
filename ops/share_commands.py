"""The commands `./lake share …`: parse, call one function."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lake_config.layers import CURATED
from lake_config.settings import load

share_app = typer.Typer(help="共享服务", no_args_is_help=True)


@share_app.command("add")
def share_add(
    name: Annotated[str, typer.Argument(help="人员姓名或工号")],
    profile: Annotated[Path, typer.Option(help="凭据文件写到哪里")],
    days: Annotated[int, typer.Option(min=1, max=365, help="有效天数")] = 90,
    recipient: Annotated[
        str, typer.Option("--recipient", help="使用方；授权的使用方只能读其授权的表")
    ] = CURATED,
) -> None:
    """登记一名人员，写出其凭据文件（只写这一次）；不写使用方的，读全市主题表。"""
    from ops.shares import add_person

    add_person(load(), name, profile, days, recipient)


@share_app.command("revoke")
def share_revoke(name: Annotated[str, typer.Argument(help="人员姓名或工号")]) -> None:
    """停用一名人员的凭据。"""
    from ops.shares import revoke_person

    revoke_person(load(), name)


@share_app.command("list")
def share_list() -> None:
    """列出已登记人员。"""
    from ops.shares import list_persons

    list_persons(load())


@share_app.command("serve")
def share_serve() -> None:
    """启动共享服务（Delta Sharing）。"""
    from ops.shares import serve

    serve(load())
