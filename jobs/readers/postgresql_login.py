"""PostgreSQL: one read-only transaction, opened by the reader's login; why it was not."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from jobs.context import Job
from lake_config.contract import Server
from lake_config.errors import SourceRefusedLogin, SourceUnavailable

# What it cannot do on a dead connection is told in our own words.
logging.getLogger("psycopg").setLevel(logging.CRITICAL)

STATEMENT_SECONDS = 3_600
CONNECT_SECONDS = 15
DEAD_LINE: dict[str, Any] = {
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
}
REFUSALS = (
    "authentication failed",
    "认证失败",
    "no password supplied",
    "pg_hba.conf",
    "not permitted to log in",
    "不允许角色",
)
"""The server gives no code before the login, only a text in its own language."""


@contextmanager
def exporter(
    job: Job, server: Server, place: dict[str, Any]
) -> Iterator[psycopg.Connection]:
    """The read-only transaction whose snapshot everybody shares."""
    try:
        connection = psycopg.connect(
            host=place["host"],
            port=place["port"],
            dbname=place["database"],
            user=server.user,
            password=job.settings.secret(server.secret),
            connect_timeout=login_seconds(job),
            **DEAD_LINE,
            options=f"-c statement_timeout={STATEMENT_SECONDS}s",
        )
    except psycopg.OperationalError as error:
        raise _refused(job, str(error)) from None
    try:
        with connection:
            connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
            connection.read_only = True
            yield connection
    except psycopg.Error:
        raise _broken(job) from None


def login_seconds(job: Job) -> int:
    """The driver takes whole seconds, at least two."""
    return max(2, int(min(CONNECT_SECONDS, job.settings.source_seconds)))


def _refused(job: Job, text: str) -> Exception:
    """Wrong password or no answer; the driver's text itself is not passed on."""
    if any(sign in text for sign in REFUSALS):
        return SourceRefusedLogin(
            f"{job.batch}：前置库拒绝了用户名或口令。请核对 secrets 中的口令文件。"
        )
    return SourceUnavailable(
        f"{job.batch}：前置库连接不上。请与数源部门确认服务和网络，稍后会自动重试。"
    )


def _broken(job: Job) -> Exception:
    return SourceUnavailable(
        f"{job.batch}：读取前置库时中断。已发布的版本不受影响，稍后会自动重试。"
    )
