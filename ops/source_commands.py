"""`./lake source …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

import getpass
from typing import Annotated

import typer

from lake_config.errors import NothingToDo, UsageError
from lake_config.settings import load

source_app = typer.Typer(help="数据源", no_args_is_help=True)


@source_app.callback()
def source() -> None:
    """数据源。"""


@source_app.command("try")
def source_try(
    department: Annotated[str, typer.Argument(help="部门代码")],
    server: Annotated[
        str | None, typer.Option("--server", help="只此数据源；不写则该部门全部")
    ] = None,
) -> None:
    """数据源已恢复时，不等熔断期满，让下一个作业立即试探。"""
    from jobs.source_breaker import release
    from ops.pipeline import find_contract

    settings = load()
    contract = find_contract(settings, department)
    known = list(dict.fromkeys(item.name for item in contract.servers))
    if server not in (None, *known):
        raise UsageError(
            f"{department} 没有数据源“{server}”。现有：{'、'.join(known)}。"
        )
    wanted = [server] if server else known
    who = getpass.getuser()
    done = [name for name in wanted if release(settings, department, name, who)]
    if not done:
        raise NothingToDo(f"{department}：没有处于熔断期的数据源，直接运行即可。")
    typer.echo(f"{department}：{'、'.join(done)} 的熔断已解除，下一个作业将立即试探。")
