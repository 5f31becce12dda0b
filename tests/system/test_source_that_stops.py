"""A source that counts while its rows are read is not waited for when they cannot be."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from functools import partial

import psycopg
import pytest

from jobs.context import Job
from jobs.control_totals import Totals
from jobs.readers.patience import asked, hung_up_after
from jobs.readers.postgresql import Held, _totals, pages_of
from jobs.readers.postgresql_login import exporter
from jobs.step_limit import no_longer_than
from lake_config.contract import Server
from lake_config.errors import SourceUnavailable
from lake_config.settings import Settings
from ops.source_servers import start_postgres
from tests.lib.cards_source import card_job, card_server, fill, postgres_owner, served

SOON = 20
NAME = '"public"."cards"'


@pytest.fixture
def source(settings: Settings) -> Iterator[tuple[Job, Server, psycopg.Connection]]:
    with served(settings, start_postgres) as port:
        with postgres_owner(settings, port) as owner:
            fill(owner, "cards", "one", 2)
            owner.commit()
            yield card_job(settings), card_server(port, database="postgres"), owner


def counting(job: Job, connection: psycopg.Connection) -> Callable[[], Totals]:
    table = Held(connection, NAME, (), pytest.fail, job.settings.source_seconds)
    return partial(_totals, job, table, NAME)


def ended(job: Job, server: Server, spoil: object = None) -> float:
    """Seconds until a failed write is told, with its own words, after `spoil` was done."""
    began = time.monotonic()
    with (
        pytest.raises(KeyError, match="the write failed"),
        exporter(job, server, server.address) as connection,
        asked(connection, counting(job, connection)),
    ):
        if callable(spoil):
            spoil(connection.info.backend_pid)
        raise KeyError("the write failed")
    return time.monotonic() - began


def test_at_once(source: tuple[Job, Server, psycopg.Connection]) -> None:
    job, server, _ = source
    assert all(ended(job, server) < SOON for _ in range(10))


def test_while_the_source_waits_for_somebody(
    source: tuple[Job, Server, psycopg.Connection],
) -> None:
    job, server, owner = source
    owner.execute("lock table cards in access exclusive mode")
    assert ended(job, server, lambda _: time.sleep(1)) < SOON


def test_while_the_source_is_frozen(
    source: tuple[Job, Server, psycopg.Connection],
) -> None:
    job, server, owner = source
    owner.execute("lock table cards in access exclusive mode")
    frozen: list[int] = []

    def freeze(process: int) -> None:
        time.sleep(1)
        frozen.append(process)
        os.kill(process, signal.SIGSTOP)

    try:
        assert ended(job, server, freeze) < SOON
    finally:
        for process in frozen:
            os.kill(process, signal.SIGCONT)


def test_a_count_that_fails_says_nothing_of_a_cell(
    source: tuple[Job, Server, psycopg.Connection],
) -> None:
    job, server, owner = source
    owner.execute("drop table cards")
    owner.commit()
    with (
        pytest.raises(SourceUnavailable) as raised,
        exporter(job, server, server.address) as connection,
        asked(connection, counting(job, connection)) as totals,
    ):
        totals()
    assert "cards" not in str(raised.value).replace(job.batch, "")


def test_a_frozen_source_is_not_waited_for_before_its_rows_are_read(
    source: tuple[Job, Server, psycopg.Connection],
) -> None:
    """It heeds no limit of its own, and its machine still answers for the line."""
    job, server, _ = source
    began = time.monotonic()
    with (
        pytest.raises(SourceUnavailable),
        exporter(job, server, server.address) as connection,
    ):
        process = connection.info.backend_pid
        os.kill(process, signal.SIGSTOP)
        try:
            with no_longer_than(SOON), hung_up_after(connection.fileno(), 1):
                pages_of(connection, NAME)
        finally:
            os.kill(process, signal.SIGCONT)
    assert time.monotonic() - began < SOON
