"""`./lake privacy …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lake_config.settings import load

privacy_app = typer.Typer(help="个人信息识别", no_args_is_help=True)


@privacy_app.command("train")
def privacy_train() -> None:
    """用随附语料训练姓名、地名模型（约一分钟）；已有则不再训练。首次用到时也会自动训练。"""
    from ops.names import train_model

    train_model(load())


@privacy_app.command("evaluate")
def privacy_evaluate(
    file: Annotated[Path, typer.Argument(help="标注文件（IOB2，格式同随附语料）")],
    adapter: Annotated[
        str,
        typer.Option(
            "--adapter",
            help="名称 或 名称:本机模型路径；"
            "lake、jieba、spacy、stanza、hanlp、transformers、python",
        ),
    ] = "lake",
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON")] = False,
) -> None:
    """任一模型在任一标注文件上的召回率、精确率、严格 F1、字符覆盖率和误遮率，按类列出。"""
    from ops.names import show_evaluation

    show_evaluation(load(), file, adapter, as_json)
