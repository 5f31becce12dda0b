"""`./lake grants …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from typing import Annotated

import typer

from lake_config.settings import load

grants_app = typer.Typer(help="授权", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="LAKE_HOME 下 grants.yaml 中的授权")]


@grants_app.command("list")
def grants_list(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """列出全部授权：谁、哪张表、哪些列、何时到期、几人签署、是否生效、最近一次发布。"""
    from ops.grants import show_grants

    show_grants(load(), as_json)


@grants_app.command("sign")
def grants_sign(
    name: Name,
    officer: Annotated[str, typer.Option("--officer", help="签署的安全管理员")],
) -> None:
    """安全管理员审阅并签署一项授权；两人签署、未到期、未撤回才生效，下一次发布起共享。"""
    from ops.grants import sign_one

    sign_one(load(), name, officer)


@grants_app.command("withdraw")
def grants_withdraw(
    name: Name,
    officer: Annotated[
        str, typer.Option("--officer", help="撤回的安全管理员，一人即可")
    ],
) -> None:
    """立即撤回一项授权：已发布的表不再提供，也不再生成。"""
    from ops.grants import withdraw_one

    withdraw_one(load(), name, officer)
