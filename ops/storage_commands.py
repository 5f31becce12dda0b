"""The commands `./lake storage …`: parse, call one function."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lake_config.settings import load

storage_app = typer.Typer(help="对象存储", no_args_is_help=True)


@storage_app.command("init")
def storage_init() -> None:
    """建立存储桶、加密和各职责账号；已有的不会改动。"""
    from ops.storage import init_store

    init_store(load(unchecked_store=True))


@storage_app.command("policies")
def storage_policies(
    to: Annotated[Path, typer.Option("--to", help="策略文件写到哪个目录")],
) -> None:
    """把各职责账号的策略写成文件，交给存储管理员。"""
    from ops.storage import show_policies

    show_policies(load(unchecked_store=True), to)


@storage_app.command("serve")
def storage_serve() -> None:
    """在本机启动一个对象存储服务（演示和测试用），直到按 Ctrl-C。"""
    from ops.storage import serve_store

    serve_store(load(unchecked_store=True))


@storage_app.command("reads")
def storage_reads() -> None:
    """存储的访问日志与账本核对：没有入账的读取会告警。"""
    from ops.store_reads import check_reads

    check_reads(load())


@storage_app.command("copy-ledger")
def storage_copy_ledger() -> None:
    """把审计账本新增的部分存入不可改的存储桶。"""
    from ops.ledger_copies import copy_ledger

    copy_ledger(load())


@storage_app.command("check")
def storage_check(
    rounds: Annotated[int, typer.Option(min=1, help="每项竞争试多少轮")] = 20,
) -> None:
    """核验存储：数据湖所依靠的每项性质逐一试过，结论存档并记入账本。"""
    from ops.storage_check import run_check

    run_check(load(unchecked_store=True), rounds)
