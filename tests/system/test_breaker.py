"""A source that breaks off again and again is left alone, by jobs as Airflow runs them."""

from __future__ import annotations

import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from audit.ledger import init_ledger, open_ledger
from jobs.breaker import THRESHOLD
from lake_config.errors import SourcePaused, SourceUnavailable
from lake_config.settings import Settings, write_private
from tests.lib.small_lake import DAY, job

DEPARTMENT = "medical_insurance"
TABLES = ("institutions", "insured_persons", "drug_catalogue")


class Source:
    """A port that lets everybody in and hangs up."""

    def __init__(self) -> None:
        self.asked = 0
        self.socket = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def port(self) -> int:
        return int(self.socket.getsockname()[1])

    def _serve(self) -> None:
        while True:
            try:
                caller, _ = self.socket.accept()
            except OSError:
                return
            self.asked += 1
            caller.close()


@contextmanager
def hanging_up() -> Iterator[Source]:
    source = Source()
    try:
        yield source
    finally:
        source.socket.close()


@pytest.fixture
def lake(settings: Settings) -> Settings:
    settings.home.mkdir(mode=0o700)
    init_ledger(settings)
    write_private(settings.layers.secrets / "medical_insurance_reader", "x")
    return settings


def test_a_source_that_hangs_up_is_left_alone(lake: Settings) -> None:
    with hanging_up() as source:
        place = {DEPARTMENT: {"front_end": {"host": "127.0.0.1", "port": source.port}}}
        write_private(lake.layers.state / "endpoints.json", json.dumps(place))
        for table in TABLES[:THRESHOLD]:
            code = job(lake.home, "land", DEPARTMENT, table)
            assert code == SourceUnavailable.exit_code
        asked, began = source.asked, time.monotonic()
        assert asked >= THRESHOLD
        assert job(lake.home, "land", DEPARTMENT, TABLES[0]) == SourcePaused.exit_code
        assert source.asked == asked, "it was not even asked"
        assert time.monotonic() - began < 20
    events = list(open_ledger(lake).events("failed", "alert"))
    errors = [event.body["error"] for event in events if event.kind == "failed"]
    assert errors == ["SourceUnavailable"] * THRESHOLD + ["SourcePaused"]
    [told] = [event.body for event in events if event.kind == "alert"]
    assert (told["what"], told["date"]) == ("breaker_open:front_end", DAY.isoformat())
