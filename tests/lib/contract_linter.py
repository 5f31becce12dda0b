"""`datacontract lint` in an environment of its own: it does not fit beside the lake's
libraries (docs/adr/0005). Made once under `.cache/`, again when its lock changes.

The lock is made with the command in its first lines.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

from lake_config.settings import ROOT

LOCK = ROOT / "tests" / "lib" / "datacontract-requirements.lock"
HOME = ROOT / ".cache" / "datacontract"
NOWHERE = "http://127.0.0.1:9"
"""A proxy that never answers: the linter carries its schemas and must ask nobody."""


def linter() -> Path:
    """The `datacontract` program of an environment that is exactly the lock."""
    stamp, program = HOME / "lake-environment", HOME / "bin" / "datacontract"
    wanted = f"{HOME} {sys.version} {hashlib.sha256(LOCK.read_bytes()).hexdigest()}\n"
    if not stamp.exists() or stamp.read_text("utf-8") != wanted:
        _uv("venv", "--clear", "--python", sys.executable, str(HOME))
        sync = "pip sync --require-hashes --compile-bytecode -p".split()
        _uv(*sync, str(HOME / "bin" / "python"), str(LOCK))
        stamp.write_text(wanted, encoding="utf-8")
    return program


def lint(program: Path, contract: Path) -> subprocess.CompletedProcess[str]:
    """The linter's word on one file, given without any network."""
    offline = dict.fromkeys(("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"), NOWHERE)
    return subprocess.run(
        [program, "lint", "--all-errors", contract],
        env={**os.environ, **offline, "COLUMNS": "200", "PYTHONUTF8": "1"},
        capture_output=True,
        text=True,
        check=False,
    )


def _uv(*arguments: str) -> None:
    done = subprocess.run(
        [_find_uv(), "--quiet", *arguments], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def _find_uv() -> str:
    """Where the `lake` script looks; it has put one there when it made `.venv`."""
    places = ("uv", Path.home() / ".local/bin/uv", ROOT / ".cache/uv/bin/uv")
    found = [path for place in places if (path := shutil.which(place))]
    assert found, "uv is missing: run ./lake once, it brings one to .cache/uv"
    return found[0]
