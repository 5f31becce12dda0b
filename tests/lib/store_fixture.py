"""A real S3 server for tests: started once per run, on first use, stopped with it.

Each test takes a prefix of its own on it, so that buckets and accounts of two tests never
meet. Building the server needs Go and minutes; .ci/run does it while other checks run.
"""

from __future__ import annotations

import itertools
import os
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest

from lake_config.contract_loader import load_contracts
from lake_config.settings import Settings, load, write_private
from ops.processes import stop
from ops.store_server import ADMIN, StoreServer, start_store
from storage.setup import set_up

_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def store_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StoreServer]:
    """The server itself, in a lake of its own that holds nothing else."""
    home = tmp_path_factory.mktemp("store")
    server = start_store(load({"LAKE_HOME": str(home)}))
    yield server
    stop(server.service)


def at_the_store(server: StoreServer, settings: Settings) -> Settings:
    """This lake's settings with the store for its zones, under a fresh prefix."""
    write_private(settings.layers.secrets / ADMIN, server.settings.secret(ADMIN))
    return replace(
        settings,
        store=server.settings.store,
        store_ca=server.settings.store_ca,
        store_prefix=f"t{os.getpid()}-{next(_numbers)}",
    )


@pytest.fixture
def stored(store_server: StoreServer, settings: Settings) -> Settings:
    """A fresh lake whose zones lie in the store: buckets and accounts are there."""
    made = at_the_store(store_server, settings)
    set_up(made, load_contracts(made.contracts))
    return made


@pytest.fixture
def stored_as(store_server: StoreServer, settings: Settings) -> Callable[..., Settings]:
    """The same, with settings the test chooses, and nothing made yet."""
    return lambda **chosen: replace(at_the_store(store_server, settings), **chosen)
