"""`./lake demo`: an invented city through the real engines, and the truth opened at the end.

Runs the DAGs in Airflow, not a shortcut around them. The key that seals the truth lives in
this process's memory alone; no job is started with it.
"""

from __future__ import annotations

import json
import secrets
import shutil
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from datetime import date

from rich.console import Console

from audit.ledger import init_ledger
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.errors import GateFailed, SettingsError
from lake_config.settings import Settings, write_private
from ops import demo_grant, demo_report
from ops.airflow_service import AirflowApi, start_airflow
from ops.cluster import cluster
from ops.processes import Service, stop
from ops.running import start_sharing
from ops.source_servers import install_servers, left_out, running_sources
from ops.spark_service import forget_spark, start_sparks, warm_up
from privacy.approval import sign
from privacy.canaries import enrol_canaries
from privacy.keys import init_keys
from privacy.officers import enrol_officer
from privacy.policy import POLICY_VERSION
from simulation.canaries import canary_values
from simulation.city import simulate
from simulation.deliver import deliver
from simulation.truth import seal, unseal

OFFICER, SECOND_OFFICER = "孙安全", "周安全"
ANALYST = "赵分析"
MARKER = "demo.json"

ENDED = ("success", "failed", "skipped", "upstream_failed")
POLL_SECONDS = 2
NARROWEST = 100
console = Console(width=max(Console().width, NARROWEST))
"""A log file is as wide as the closing table, not as the terminal that is not there."""


def run_demo(
    settings: Settings,
    persons: int,
    seed: int,
    day: date,
    on_cluster: bool = False,
    canaries: int = 0,
) -> None:
    """The whole way of one delivery date; raises when anything does not agree.

    The first `canaries` of the invented people are recognisable, and the leak scan knows
    them.
    """
    began = time.monotonic()
    settings = replace(settings, schedules=False)
    _fresh_home(settings, persons, seed, day)
    every = load_contracts(settings.contracts)
    without = left_out(every, install_servers(say))
    contracts = [item for item in every if item.department not in without]
    with ExitStack() as stack:
        if on_cluster:
            settings = cluster(stack, settings, contracts, say)
        url = _everything_up(stack, settings, contracts, persons, seed, day, canaries)
        truth_key = secrets.token_bytes(32)
        seal(settings.layers.truth, truth_key)
        say("真值已密封，钥匙只在本进程内存中")
        _sign_all(settings, contracts)
        if demo_grant.granted_here(contracts):
            officers = (OFFICER, SECOND_OFFICER)
            demo_grant.declare_and_sign(settings, officers, say)
        _run_dags(settings, url, contracts, day)
        unseal(settings.layers.truth, truth_key)
        say("全部作业结束，启封真值并比对")
        good = demo_report.report(settings, contracts, day, ANALYST, console)
    console.print(f"用时 {time.monotonic() - began:.0f} 秒。", highlight=False)
    if not good:
        raise GateFailed("演示结果与真值不符，见上表。")


def say(text: str) -> None:
    """One line of progress with the time."""
    console.print(f"[dim]{time.strftime('%H:%M:%S')}[/dim] {text}", highlight=False)


def _fresh_home(settings: Settings, persons: int, seed: int, day: date) -> None:
    """An earlier demo's lake is replaced; anybody else's lake is never touched."""
    home = settings.home
    marker = settings.layers.state / MARKER
    if home.exists() and any(home.iterdir()) and not marker.exists():
        raise SettingsError(
            f"{home} 里已有一个数据湖，演示不会动它。"
            "请用 LAKE_HOME=另一个空目录 重新执行。"
        )
    if marker.exists():
        say("清除上一次演示留下的数据湖")
        shutil.rmtree(home)
    facts = {"persons": persons, "seed": seed, "date": day.isoformat()}
    write_private(marker, json.dumps(facts))


def _everything_up(
    stack: ExitStack,
    settings: Settings,
    contracts: list[Contract],
    persons: int,
    seed: int,
    day: date,
    canaries: int,
) -> str:
    """Services start while the city is being invented; returns Airflow's address."""
    init_keys(settings)
    init_ledger(settings)
    pool = stack.enter_context(ThreadPoolExecutor(2))
    spark = pool.submit(_spark_ready, settings)
    airflow = pool.submit(start_airflow, settings, say)
    for service in (spark, airflow):
        stack.callback(_stop_when_started, service)
    stack.callback(forget_spark, settings)
    if training := demo_grant.start_training(settings):
        say("首次使用：训练姓名、地名模型")
        stack.callback(stop, training)
    stack.enter_context(running_sources(settings, contracts, say))
    say(f"虚构 {persons:,} 人（种子 {seed}）及其在各部门的记录")
    simulate(settings.layers, contracts, persons, seed, day, say, canaries=canaries)
    if canaries:
        values = enrol_canaries(settings, canary_values(settings.layers, canaries))
        say(f"登记金丝雀 {canaries:,} 人，共 {values:,} 个值")
    deliver(settings, contracts, day, say)
    spark.result()
    url, _ = airflow.result()
    stack.callback(stop, start_sharing(settings))
    if training:
        training.process.wait()
    return url


def _spark_ready(settings: Settings) -> list[Service]:
    services = start_sparks(settings, brief=True)
    warm_up(settings)
    say("Spark Connect 已就绪")
    return services


def _stop_when_started(
    starting: Future[list[Service]] | Future[tuple[str, list[Service]]],
) -> None:
    """Stop whatever a background start produced, also when something else failed."""
    if starting.exception() is not None:
        return
    result = starting.result()
    for service in result[1] if isinstance(result, tuple) else result:
        stop(service)


def _sign_all(settings: Settings, contracts: list[Contract]) -> None:
    for officer in (OFFICER, SECOND_OFFICER):
        enrol_officer(settings, officer)
    for contract in contracts:
        sign(settings, OFFICER, contract, POLICY_VERSION)
        say(
            f"安全管理员{OFFICER}签署：{contract.business_name} 契约 "
            f"{contract.digest[:12]}，脱敏策略 {POLICY_VERSION}"
        )


def _run_dags(
    settings: Settings, url: str, contracts: list[Contract], day: date
) -> None:
    """Trigger one run per department and show the tasks until all have ended."""
    api = AirflowApi(settings, url)
    names = [contract.department for contract in contracts]
    api.wait_for_dags(set(names))
    runs = {name: api.trigger(name, day) for name in names}
    for name in names:
        api.unpause(name)
    say(f"Airflow：{len(runs)} 个 DAG 已触发（{url}）")
    for line in _progress(api, runs):
        say(line)
    states = {name: api.run_state(name, run) for name, run in runs.items()}
    for name, state in states.items():
        say(f"Airflow API：DAG {name} = {state}")


def _progress(api: AirflowApi, runs: dict[str, str]) -> Iterator[str]:
    """A line whenever a department's number of finished tasks changes."""
    seen: dict[str, tuple[int, int]] = {}
    open_runs = dict(runs)
    while open_runs:
        found = api.task_states()
        for name, run in list(open_runs.items()):
            states = found[name, run]
            ended = sum(state in ENDED for state in states.values())
            if seen.get(name) != (ended, len(states)):
                seen[name] = (ended, len(states))
                yield f"  {name}: {ended}/{len(states)} 个任务"
            if ended == len(states) and api.run_state(name, run) in ENDED:
                del open_runs[name]
        time.sleep(POLL_SECONDS)
