"""`./lake service …` and `./lake airflow …`: what `./lake up` holds, part by part."""

from __future__ import annotations

from typing import Annotated

import typer

from lake_config.settings import load

service_app = typer.Typer(help="各服务：列出、停止、启动、重启", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="服务名，如 airflow-scheduler")]


@service_app.command("list")
def service_list() -> None:
    """./lake up 正在运行的服务及其进程号。"""
    from ops.supervisor import running

    for name, process in running(load()).items():
        typer.echo(f"{name} {process}")


@service_app.command("stop")
def service_stop(name: Name) -> None:
    """停止一个服务，直到再次启动。"""
    _ask(name, "stop")


@service_app.command("start")
def service_start(name: Name) -> None:
    """启动一个停止了的服务。"""
    _ask(name, "start")


@service_app.command("restart")
def service_restart(name: Name) -> None:
    """重启一个服务，其余不受影响。"""
    _ask(name, "restart")


def _ask(name: str, what: str) -> None:
    from ops.supervisor import ask

    ask(load(), name, what)


def airflow(
    arguments: Annotated[list[str], typer.Argument(help="Airflow 的命令")],
) -> None:
    """以本数据湖的设置执行 Airflow 自己的命令，如 backfill create。"""
    from ops.airflow_service import airflow_command

    raise typer.Exit(airflow_command(load(), arguments))
