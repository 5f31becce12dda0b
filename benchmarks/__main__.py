"""`python -m benchmarks NAME [--rows N] [--persons N] [--store] [--save]`: one as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks import (
    city,
    class_check,
    extraction,
    full_load,
    fused_gate,
    growth,
    invention,
    leaks,
    privacy_paths,
    risk,
    secured_path,
    small_task,
    stored_size,
)
from benchmarks.stage import Stage, stage

STAGED: dict[str, Callable[[Stage], dict[str, Any]]] = {
    "P1": secured_path.run,
    "P4": fused_gate.run,
    "P9": extraction.run,
    "P10": small_task.run,
    "P13": stored_size.run,
    "P16": class_check.run,
    "C18": full_load.run,
}
BY_ROWS = {
    "P2": privacy_paths.masking,
    "P3": privacy_paths.naming,
    "P7": privacy_paths.pseudonyms,
    "P11": growth.run,
    "risk-cost": risk.cost,
    "leak-cost": leaks.run,
}
BY_PERSONS = {"city": city.run, "risk": risk.run, "simulation": invention.run}
RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench")
    parser.add_argument("name", choices=sorted([*STAGED, *BY_ROWS, *BY_PERSONS]))
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--persons", type=int, default=200_000)
    parser.add_argument("--store", action="store_true", help="zones in an S3 store")
    parser.add_argument("--save", action="store_true", help="keep it in the repository")
    given = parser.parse_args(arguments)
    found, size = _found(given)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    print(text)
    if given.save:
        RESULTS.mkdir(exist_ok=True)
        name = "-".join([given.name, *(["store"] if given.store else []), str(size)])
        (RESULTS / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    return 0


def _found(given: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """The result, and the size that was asked for."""
    if given.name in BY_PERSONS:
        return BY_PERSONS[given.name](given.persons), given.persons
    if given.name in BY_ROWS:
        return BY_ROWS[given.name](given.rows), given.rows
    with stage(given.rows, given.store, resident=given.name == "P10") as made:
        found = STAGED[given.name](made)
    return {**found, "zones": "S3" if given.store else "folders"}, given.rows


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
