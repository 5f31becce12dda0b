"""The production's shape on one machine: an S3 store, a Spark cluster, PostgreSQL.

Everything by settings: the jobs are the same, and so are the rows they publish.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace

from lake_config.contract import Contract
from lake_config.settings import Settings
from ops.airflow_database import running_airflow_database
from ops.processes import stop
from ops.spark_cluster import running_cluster
from ops.store_log import start_receiver
from ops.store_server import start_store
from storage.department_keys import SEALED
from storage.setup import set_up


def cluster(
    stack: ExitStack,
    settings: Settings,
    contracts: Sequence[Contract],
    say: Callable[[str], None],
) -> Settings:
    """Start store, cluster and database; the settings by which all else uses them."""
    say("启动对象存储（第一次要编译，需几分钟）")
    receiver, sending = start_receiver(settings)
    stack.callback(stop, receiver)
    server = start_store(settings, sending=sending)
    stack.callback(stop, server.service)
    made = replace(
        settings,
        store=server.settings.store,
        store_ca=server.settings.store_ca,
        store_encryption=SEALED,
    )
    changes = set_up(made, contracts)
    say(f"对象存储就绪：{made.store}，{len(changes)} 项设置")
    stack.enter_context(running_airflow_database(made))
    say("Airflow 的 PostgreSQL 就绪")
    master = stack.enter_context(running_cluster(made))
    say(f"Spark 集群就绪：{master}，2 个工作节点")
    return replace(made, spark_master=master)
