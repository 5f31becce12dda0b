"""docs/reference/benchmarks.md, written from the results in benchmarks/results/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from lake_config.settings import ROOT

RESULTS = ROOT / "benchmarks" / "results"
REASONS = ROOT / "benchmarks" / "reasons.md"
"""Written by hand: why a goal is not met, and what would be tried next."""
HIGHEST_LOAD = 4.5
HEAD = """# Benchmarks

Generated from `benchmarks/results/` by `./lake fix`; `./lake bench NAME --save` writes
a result there. Both sides run in one process, baseline and ours in turn, medians of
three. Wall seconds are those of one machine on one day; what counts is the ratio (ours /
baseline). A line marked *busy* was measured on a machine too busy to judge by, and is to
be repeated.

- **P1** whole secured path of a table against the same two hops without protection
- **P2** masking police incidents, columns and reports, against Presidio cell by cell
- **P3** masking police reports with names by the model against the model on every row
- **P4** the raw write with every row rule judged against the same write without
- **P7** tokens of an identity column against one row at a time
- **P9** extraction in one snapshot, in parallel, against Spark's JDBC reader as it comes
- **P10** one small Airflow task on the resident Spark server, against spark-submit
- **P11** four times the rows through the secured path: time and peak memory
- **P13** what the shared zone takes up, against Spark's snappy copy of the same rows
- **P16** masking with the check of columns' classes against masking alone
- **C18** three full loads in a row
- **city** the pipelines of all departments (`./lake bench city --persons N`)
- **risk** how many people share what is told of a whole city (`./lake bench risk --persons N`)
- **leak-cost** masking settlements with the leak scan against masking alone
- **risk-cost** masking settlements with the risk gate against masking without
- **simulation** inventing the rows of all departments

| benchmark | zones | rows | baseline s | ours s | ratio wall | ratio CPU | goal | busy |
| --- | --- | --- | --- | --- | --- | --- | --- | --- |
"""


def page() -> str:
    """A line per comparison, a list per other result, and where each was measured."""
    found = [_read(path) for path in sorted(RESULTS.glob("*.json"))]
    lines = "".join(_line(item) for item in found if "facts" not in item)
    lists = "".join(_list(item) for item in found if "facts" in item)
    reasons = f"\n{REASONS.read_text('utf-8')}" if REASONS.exists() else ""
    return f"{HEAD}{lines}{lists}{reasons}\n{''.join(map(_environment, found))}"


def _list(result: dict[str, Any]) -> str:
    facts = "".join(f"- {name}: {value}\n" for name, value in result["facts"].items())
    busy = " (*busy*)" if result["highest_load"] > HIGHEST_LOAD else ""
    title = f"{result['benchmark']} at {result['rows']:,}{busy}"
    return f"\n## {title}\n\nGoal: {result['goal']}.\n\n{facts}"


def _read(path: Path) -> dict[str, Any]:
    result: dict[str, Any] = json.loads(path.read_text("utf-8"))
    return result


def _line(result: dict[str, Any]) -> str:
    sides = [result[side]["wall_seconds"] for side in ("baseline", "ours")]
    cells = (
        result["benchmark"],
        result.get("zones", "folders"),
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
