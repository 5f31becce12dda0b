"""docs/reference/benchmarks.md, written from the results in benchmarks/results/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lake_config.settings import ROOT

RESULTS = ROOT / "benchmarks" / "results"
HEAD = """# Benchmarks

Generated from `benchmarks/results/` by `./lake fix`; `./lake bench NAME --save` writes
a result there. Both sides run in one process, baseline and ours in turn, medians of
three. Wall seconds are those of one machine on one day; what counts is the ratio (ours /
baseline). A line marked *busy* was measured on a machine too busy to judge by, and is to
be repeated.

- **P1** whole secured path of a table against the same two hops without protection
- **P4** the raw write with every row rule judged against the same write without
- **P9** extraction in one snapshot, in parallel, against Spark's JDBC reader as it comes

| benchmark | rows | baseline s | ours s | ratio wall | ratio CPU | goal | |
| --- | --- | --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """One line per kept result, and the environment each was measured in."""
    found = [_read(path) for path in sorted(RESULTS.glob("*.json"))]
    lines = "".join(map(_line, found))
    return HEAD + lines + "\n" + "".join(map(_environment, found))


def _read(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return result


def _line(result: dict[str, Any]) -> str:
    sides = [result[side]["wall_seconds"] for side in ("baseline", "ours")]
    cells = (
        result["benchmark"],
        f"{result['rows']:,}",
        *sides,
        result["ratio_wall"],
        result["ratio_cpu"],
        result["goal"],
        "*busy*" if result["repeat"] else "",
    )
    return f"| {' | '.join(map(str, cells))} |\n"


def _environment(result: dict[str, Any]) -> str:
    facts = ", ".join(
        f"{name} {value}" for name, value in result["environment"].items()
    )
    load = f"highest load {result['highest_load']:.1f}"
    return f"- {result['benchmark']} at {result['rows']:,} rows: {facts}; {load}\n"
