"""The house keeps its rules, and a broken rule is seen."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from lake_config.settings import ROOT
from tests.lib import house_rules

Check = Callable[[Path], list[str]]
BREACHES = [
    ("audit/a.py", "import quality.suite", house_rules.forbidden_imports),
    (
        "jobs/a.py",
        "def f():\n    from sharing import app",
        house_rules.forbidden_imports,
    ),
    ("lake_client/a.py", "import lake_config", house_rules.forbidden_imports),
    ("jobs/a.py", "import great_expectations as gx", house_rules.foreign_doors),
    ("sharing/a.py", "from sqlalchemy import text", house_rules.foreign_doors),
    ("jobs/a.py", "import polars as pl", house_rules.foreign_doors),
    (
        "quality/a.py",
        "s = SparkSession.builder.getOrCreate()",
        house_rules.foreign_doors,
    ),
    ("jobs/a.py", "import os\nx = os.environ['LAKE_HOME']", house_rules.foreign_doors),
    (
        "jobs/a.py",
        "if contract.department == 'x':\n    pass",
        house_rules.branches_on_a_department,
    ),
    ("jobs/a.py", "def f():\n" + "    x = 1\n" * 61, house_rules.too_long),
    ("jobs/a.py", "x = 1\n" * 301, house_rules.too_long),
    ("jobs/utils.py", "x = 1", house_rules.empty_names),
]


@pytest.mark.parametrize("check", house_rules.ALL)
def test_the_house_keeps_its_rules(check: Check) -> None:
    assert check(ROOT) == []


@pytest.mark.parametrize(("name", "text", "check"), BREACHES)
def test_a_breach_is_seen(tmp_path: Path, name: str, text: str, check: Check) -> None:
    path = tmp_path / name
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    assert len(check(tmp_path)) == 1


def test_handing_the_environment_to_a_child_is_no_breach(tmp_path: Path) -> None:
    (tmp_path / "ops").mkdir()
    text = "import os\nchild = {**os.environ, 'A': 'b'}"
    (tmp_path / "ops" / "a.py").write_text(text, encoding="utf-8")
    assert house_rules.foreign_doors(tmp_path) == []
