"""`python -m benchmarks NAME [--rows N] [--save]`: print one comparison as JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks import extraction, fused_gate, secured_path
from benchmarks.stage import stage

RUNS = {"P1": secured_path.run, "P4": fused_gate.run, "P9": extraction.run}
RESULTS = Path(__file__).parent / "results"


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="./lake bench")
    parser.add_argument("name", choices=sorted(RUNS))
    parser.add_argument("--rows", type=int, default=500_000)
    parser.add_argument("--save", action="store_true", help="keep it in the repository")
    given = parser.parse_args(arguments)
    with stage(given.rows) as made:
        found = RUNS[given.name](made)
    text = json.dumps(found, ensure_ascii=False, indent=1)
    print(text)
    if given.save:
        RESULTS.mkdir(exist_ok=True)
        name = f"{given.name}-{given.rows}.json"
        (RESULTS / name).write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
