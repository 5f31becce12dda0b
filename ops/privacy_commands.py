"""`./lake privacy …`: parses, calls one function. No logic lives here."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from lake_config.settings import load
from ops.delivery_day import delivery_day

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


Department = Annotated[str, typer.Argument(help="部门代码，如 medical_insurance")]


@privacy_app.command("classify")
def privacy_classify(
    department: Department,
    table: Annotated[str | None, typer.Option("--table", help="只看这一张表")] = None,
    hide_names: Annotated[
        bool, typer.Option("--hide-names", help="不看列名和中文名，只凭取值和来源")
    ] = False,
) -> None:
    """识别最近一批数据各列的类别，与契约对照，建议记入账本；只给类别和计数，不显示内容。"""
    from ops.classification import show_classes

    show_classes(load(), department, table, hide_names)


@privacy_app.command("confirm")
def privacy_confirm(
    department: Department,
    table: Annotated[str, typer.Option("--table", help="哪一张表")],
    column: Annotated[str, typer.Option("--column", help="哪一列；整张表写 *")],
    name: Annotated[str, typer.Option("--class", help="发现的类别代码，如 mobile")],
    officer: Annotated[str, typer.Option("--officer", help="安全管理员")],
) -> None:
    """安全管理员确认：某列虽像某类个人信息，仍按现行契约处理；契约或规则一改须重新确认。"""
    from ops.classification import confirm_class

    confirm_class(load(), department, table, column, name, officer)


@privacy_app.command("risk")
def privacy_risk(
    department: Annotated[str, typer.Argument(help="部门代码")],
    table: Annotated[str, typer.Argument(help="表名")],
    day: Annotated[
        str | None, typer.Option("--date", help="交付日期 YYYY-MM-DD，默认最近一批")
    ] = None,
) -> None:
    """一批数据的重识别风险：同组人数、概括和抑制了什么，并写出带图的网页。"""
    from ops.risk import show_risk

    chosen = None if day is None else delivery_day(day)
    show_risk(load(), department, table, chosen)


@privacy_app.command("review")
def privacy_review(
    department: Annotated[str, typer.Argument(help="部门代码")],
    table: Annotated[str, typer.Argument(help="表名")],
    html: Annotated[
        Path | None, typer.Option("--html", help="网页写到这个文件，默认在 reports 下")
    ] = None,
) -> None:
    """一张表的脱敏审阅：各列的事实、决定、确认人、虚构示例，风险、泄露扫描和密钥标识；不读数据。"""
    from ops.masking_review import show_review

    show_review(load(), department, table, html)
