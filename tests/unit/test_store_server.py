"""A server is built once; certificates are the lake's own and are renewed in time."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from lake_config.errors import ComponentMissing
from lake_config.settings import OTHERS, ROOT, Settings
from ops import store_certificates
from ops.store_certificates import CERTIFICATE, KEY, ensure_certificates
from ops.store_server import PRODUCTS, our_product, program

GO = """#!/bin/sh
echo once >>{log}
sleep 0.2
mkdir -p "$GOBIN" && echo built >"$GOBIN/minio"
"""
BROKEN = """#!/bin/sh
echo 'no such module' >&2
exit 1
"""


@pytest.fixture
def cached(settings: Settings, tmp_path: Path) -> Settings:
    return replace(settings, cache=tmp_path / "cache")


@pytest.fixture
def go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Path]:
    """A compiler that does what the test says, and notes each call."""

    def put(script: str) -> Path:
        folder, log = tmp_path / "bin", tmp_path / "calls"
        folder.mkdir()
        (folder / "go").write_text(script.format(log=log))
        (folder / "go").chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
        return log

    return put


def test_a_server_is_built_once(cached: Settings, go: Callable[[str], Path]) -> None:
    """Also when two want it at the same moment: the second waits."""
    calls = go(GO)
    threads = [threading.Thread(target=program, args=(cached,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert program(cached).read_text() == "built\n"
    assert calls.read_text() == "once\n"


def test_without_a_compiler_the_command_is_told(
    cached: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(ComponentMissing, match="go install") as told:
        program(cached)
    assert PRODUCTS["minio"].module in str(told.value)


def test_a_failed_build_says_why_and_leaves_nothing(
    cached: Settings, go: Callable[[str], Path]
) -> None:
    go(BROKEN)
    with pytest.raises(ComponentMissing, match="no such module"):
        program(cached)
    assert not [p for p in (cached.cache / "programs").iterdir() if p.suffix != ".lock"]


def test_the_builder_needs_nothing_but_python() -> None:
    """CI starts it before there is an environment."""
    code = "import sys, ops.store_server; print(*sorted(sys.modules))"
    command = [sys.executable, "-S", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    run = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert "ops.store_server" in run.stdout, run.stderr


def test_certificates_are_kept_while_they_hold(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    authority = ensure_certificates(tmp_path / "tls")
    first = authority.read_bytes()
    assert ensure_certificates(tmp_path / "tls").read_bytes() == first
    monkeypatch.setattr(store_certificates, "RENEW", timedelta(days=400))
    assert ensure_certificates(tmp_path / "tls").read_bytes() != first


def test_certificates_are_private_and_belong_together(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    authority = ensure_certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
    context.load_verify_locations(authority)
    assert not [path for path in folder.iterdir() if path.stat().st_mode & OTHERS]
    assert not [path for path in folder.iterdir() if "authority.key" in path.name]


def test_a_store_is_ours_only_at_its_own_address(settings: Settings) -> None:
    assert our_product(settings) is None
    assert our_product(replace(settings, store="https://store.example")) is None
