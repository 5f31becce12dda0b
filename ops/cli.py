"""The command line for people: parses, calls one function, prints. No logic lives here.

Every LakeError is shown as it is, without a traceback, and ends with its exit code.
Heavy modules are imported inside the commands, so that `./lake help` answers at once.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from lake_config import errors
from lake_config.settings import load
from ops.alert_commands import alerts_app
from ops.delivery_day import Day, delivery_day
from ops.grant_commands import grants_app
from ops.key_commands import keys_app
from ops.privacy_commands import privacy_app
from ops.quarantine_commands import quarantine_app
from ops.schema_commands import schema_app
from ops.service_commands import airflow, service_app
from ops.share_commands import share_app
from ops.source_commands import source_app
from ops.storage_commands import storage_app
from ops.ticket_commands import tickets_app

app = typer.Typer(
    help="绥化市政务数据湖：归集、核对、把关、脱敏、发布，每一步可查。",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
contracts_app = typer.Typer(help="数据契约", no_args_is_help=True)
officer_app = typer.Typer(help="安全管理员", no_args_is_help=True)
app.add_typer(contracts_app, name="contracts")
app.add_typer(quarantine_app, name="quarantine")
app.add_typer(share_app, name="share")
app.add_typer(officer_app, name="officer")
app.add_typer(alerts_app, name="alerts")
app.add_typer(schema_app, name="schema")
app.add_typer(storage_app, name="storage")
app.add_typer(service_app, name="service")
app.command(context_settings={"ignore_unknown_options": True})(airflow)
app.add_typer(tickets_app, name="tickets")
app.add_typer(source_app, name="source")
app.add_typer(privacy_app, name="privacy")
app.add_typer(keys_app, name="keys")
app.add_typer(grants_app, name="grants")

Department = Annotated[str, typer.Argument(help="部门代码，如 medical_insurance")]
TableName = Annotated[str | None, typer.Option("--table", help="只处理这一张表")]
AsJson = Annotated[bool, typer.Option("--json", help="输出 JSON")]


@app.command()
def demo(
    persons: Annotated[int, typer.Option(min=1_500, help="虚构人口数")] = 20_000,
    seed: Annotated[int, typer.Option(help="随机种子")] = 2026,
    day: Day = None,
    profile: Annotated[
        str,
        typer.Option(
            help="small：本机文件夹；cluster：S3 存储、Spark 集群、PostgreSQL"
        ),
    ] = "small",
    canaries: Annotated[
        int,
        typer.Option(min=0, max=10_000, help="其中多少人是泄露扫描认得的金丝雀"),
    ] = 0,
) -> None:
    """从五个部门的数据源到分析人员的笔记本，真实组件跑一遍。"""
    from ops.demo import run_demo

    if profile not in ("small", "cluster"):
        raise errors.UsageError(f"--profile 只能是 small 或 cluster，不是“{profile}”。")
    on_cluster = profile == "cluster"
    run_demo(load(), persons, seed, delivery_day(day), on_cluster, canaries)


@app.command()
def test(
    kind: Annotated[
        str | None, typer.Argument(help="unit|spark|security|spec|system")
    ] = None,
    arguments: Annotated[list[str] | None, typer.Argument(help="交给 pytest")] = None,
) -> None:
    """运行测试；不写类别则全部运行。"""
    from ops.development import run_tests

    raise typer.Exit(run_tests(kind, arguments or []))


@app.command()
def check() -> None:
    """检查：代码风格、类型、导入规则、契约。只检查，不修改。"""
    from ops.development import run_checks

    raise typer.Exit(run_checks())


@app.command()
def fix() -> None:
    """自动整理代码格式，并重写由代码生成的文档页。"""
    from ops.development import run_fixes

    raise typer.Exit(run_fixes())


@app.command()
def bench(
    name: Annotated[
        str,
        typer.Argument(
            help="P1|P2|P3|P4|P7|P9|P10|P11|P13|P16|C18|city|risk|risk-cost|leak-cost|simulation，"
            "见 docs/reference/benchmarks.md"
        ),
    ],
    rows: Annotated[int, typer.Option(min=1000, help="行数")] = 500_000,
    persons: Annotated[
        int, typer.Option(min=1000, help="人数（city、risk、simulation）")
    ] = 200_000,
    on_store: Annotated[
        bool, typer.Option("--store", help="各区放在 S3 对象存储中")
    ] = False,
    save: Annotated[
        bool, typer.Option("--save", help="结果存入 benchmarks/results")
    ] = False,
) -> None:
    """性能测量：与基线并排，或逐倍增长，输出 JSON。"""
    from ops.development import run_benchmark

    raise typer.Exit(run_benchmark(name, rows, persons, on_store, save))


@contracts_app.command("check")
def contracts_check(
    files: Annotated[list[Path] | None, typer.Argument(help="契约文件")] = None,
) -> None:
    """检查数据契约，一次列出全部问题。"""
    from lake_config.contract_loader import check_contracts, load_contracts

    if files and (problems := check_contracts(tuple(files))):
        raise errors.ContractError(problems)
    number = len(files or load_contracts(load().contracts))
    typer.echo(f"{number} 份契约全部通过。")


@app.command()
def up() -> None:
    """启动 Spark、Airflow 和共享服务，直到按 Ctrl-C。"""
    from ops.running import run_services

    run_services(load())


@app.command()
def run(department: Department, table: TableName = None, day: Day = None) -> None:
    """不经 Airflow，把一个部门的数据走完全部步骤。"""
    from ops.pipeline import run_department

    run_department(load(), department, table, delivery_day(day))


@app.command()
def redeliver(
    department: Department,
    table: Annotated[str, typer.Option("--table", help="哪一张表")],
    day: Annotated[str, typer.Option("--date", help="交付日期 YYYY-MM-DD")],
    reason: Annotated[str, typer.Option("--reason", help="为什么重新交付")],
) -> None:
    """登记一次重新交付：这张表这一天的数据将重新归集。"""
    from ops.pipeline import accept_redelivery

    accept_redelivery(load(), department, table, delivery_day(day), reason)


@app.command()
def status(as_json: AsJson = False) -> None:
    """各表最近一批的数量与结论。"""
    from ops.status import show_status

    show_status(load(), as_json)


@app.command()
def verify() -> None:
    """核验审计账本；发现改动时指出位置。"""
    from ops.ledger import verify_ledger

    verify_ledger(load())


@app.command()
def approve(
    department: Department,
    officer: Annotated[str, typer.Option("--officer", help="安全管理员")],
) -> None:
    """安全管理员签署契约与脱敏策略。"""
    from ops.ledger import approve_contract

    approve_contract(load(), department, officer)


@officer_app.command("revoke")
def officer_revoke(name: Annotated[str, typer.Argument(help="安全管理员")]) -> None:
    """停用一名安全管理员，其签署不再有效。"""
    from ops.ledger import revoke

    revoke(load(), name)


@app.command()
def init(
    officer: Annotated[
        list[str] | None, typer.Option("--officer", help="登记安全管理员，可写多次")
    ] = None,
) -> None:
    """新建数据湖：主密钥、审计账本、安全管理员；已有的不会改动。"""
    from ops.ledger import init_lake

    init_lake(load(), officer or [])


@app.command()
def retain() -> None:
    """按契约的保存期限清理；删除什么，账本里都有凭证。"""
    from ops.retention import run_retention

    run_retention(load())


@app.command("help")
def show_help() -> None:
    """显示本帮助。"""
    main(["--help"])


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    given = sys.argv[1:] if arguments is None else arguments
    try:
        result = app(given, standalone_mode=False, prog_name="./lake")
    except errors.NothingToDo as notice:
        typer.echo(str(notice))
        return 0
    except errors.LakeError as error:
        typer.secho(str(error), fg=typer.colors.RED, err=True)
        return error.exit_code
    except KeyboardInterrupt:
        return 130
    except typer.Abort:
        return 130
    except Exception as error:
        return _unexpected(error)
    return result if isinstance(result, int) else 0


def _unexpected(error: Exception) -> int:
    """Typer's own usage errors explain themselves; anything else is ours to name."""
    show = getattr(error, "show", None)
    if callable(show):
        show()
        return errors.UsageError.exit_code
    from ops.crash_report import write_report

    path = write_report(load().layers.logs, error)
    typer.secho(f"内部错误 {type(error).__name__}，位置见 {path}。", fg="red", err=True)
    return 1
