"""Recipes for people who change this code: tests, checks, fixes, measurements.

`check` never edits and `fix` does; people and CI run the same recipes.
"""

from __future__ import annotations

import os
import subprocess
import sys

from lake_config.errors import UsageError
from lake_config.settings import ROOT

KINDS = ("system", "spark", "security", "spec", "unit")
PARALLEL = ("--dist", "loadfile", "--no-loadscope-reorder")
"""A file of tests is one worker's: its servers are started once, on ports of their own."""
WAITING = (None, "system")
"""Tests that wait, for outages and leases to pass: one worker more than there are cores."""
PATIENCE = ("--timeout", "1200")
"""Seconds after which a test that hangs is named, instead of the whole run being cut off."""
ROOMS = (
    "lake_config",
    "audit",
    "quality",
    "privacy",
    "storage",
    "jobs",
    "sharing",
    "lake_client",
    "ops",
    "simulation",
    "benchmarks",
)
CHECKS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy", *ROOMS),
    ("pytest", "-q", "tests/unit/test_house_rules.py"),
)


def run_tests(kind: str | None, arguments: list[str]) -> int:
    """Run one kind of test, or all: the longest first, so that all cores end together."""
    if kind is not None and kind not in KINDS:
        raise UsageError(f"测试类别只有：{'、'.join(KINDS)}。")
    folders = [f"tests/{name}" for name in ([kind] if kind else KINDS)]
    workers = (os.cpu_count() or 1) + (kind in WAITING)
    return _module(
        "pytest", *folders, "-n", str(workers), *PARALLEL, *PATIENCE, *arguments
    )


def run_checks() -> int:
    """Every check, also after one has failed; the worst exit code counts."""
    codes = [_module(*check) for check in CHECKS]
    codes.append(_module("ops", "contracts", "check"))
    return max(codes)


def run_fixes() -> int:
    """Format the code, and write the pages that are generated from it."""
    from ops.reference_pages import write_pages

    write_pages()
    return _module("ruff", "check", "--fix", ".") or _module("ruff", "format", ".")


def run_benchmark(
    name: str, rows: int, persons: int, on_store: bool, save: bool
) -> int:
    """One comparison in a process of its own."""
    flags = {"--store": on_store, "--save": save}
    chosen = [flag for flag, wanted in flags.items() if wanted]
    sizes = ["--rows", str(rows), "--persons", str(persons)]
    return _module("benchmarks", name, *sizes, *chosen)


def _module(name: str, *arguments: str) -> int:
    command = [sys.executable, "-m", name, *arguments]
    return subprocess.run(command, cwd=ROOT, check=False).returncode
