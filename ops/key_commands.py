"""`./lake keys …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lake_config.settings import load

keys_app = typer.Typer(help="假名密钥", no_args_is_help=True)
Where = Annotated[
    str,
    typer.Argument(
        help="使用方/用途/部门 或 可关联组/用途，如 analysts/statistics/transport"
    ),
]
Officer = Annotated[
    str | None, typer.Option("--officer", help="签署的安全管理员；第二人签署后即执行")
]


@keys_app.command("list")
def keys_list(
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """列出全部密钥版本：算法、状态、现在发布的哪些表用它；不含密钥本身。"""
    from ops.keys import show_keys

    show_keys(load(), as_json)


@keys_app.command("rotate")
def keys_rotate(scope: Where) -> None:
    """换用新一版密钥，下一批次起生效；旧版保留，供重关联，到销毁为止。"""
    from ops.keys import rotate_keys

    rotate_keys(load(), scope)


@keys_app.command("relink")
def keys_relink(
    scope: Where,
    officer: Officer = None,
    days: Annotated[int, typer.Option(min=1, max=365, help="保留天数")] = 30,
    target: Annotated[
        Path | None, typer.Option("--to", help="交付使用方的文件（Parquet）")
    ] = None,
) -> None:
    """经两名安全管理员批准，生成旧令牌到新令牌的重关联表（密封保存，到期删除）。"""
    from ops.keys import relink_keys

    relink_keys(load(), scope, days, officer, target)


@keys_app.command("destroy")
def keys_destroy(
    scope: Where,
    version: Annotated[int, typer.Option("--version", min=1, help="哪一版")],
    officer: Officer = None,
) -> None:
    """经两名安全管理员批准，销毁一版密钥：其令牌从此不能再生成、不能再关联。"""
    from ops.keys import destroy_keys

    destroy_keys(load(), scope, version, officer)


@keys_app.command("link")
def keys_link(
    name: Annotated[str, typer.Argument(help="lake_config/linkage.yaml 中的可关联组")],
    officer: Annotated[str, typer.Option("--officer", help="签署的安全管理员")],
) -> None:
    """安全管理员审阅并签署一个可关联组；两人签署、未到期才生效。"""
    from ops.keys import sign_link

    sign_link(load(), name, officer)


@keys_app.command("reveal")
def keys_reveal(
    token: Annotated[str, typer.Argument(help="要还原的令牌")],
    reason: Annotated[str, typer.Option("--reason", help="依据和事由，两人须一致")],
    officer: Annotated[str, typer.Option("--officer", help="签署的安全管理员")],
) -> None:
    """经两名安全管理员批准，还原一个令牌背后的身份号码（须启用 LAKE_VAULT）。"""
    from ops.keys import reveal_identity

    reveal_identity(load(), token, reason, officer)
