"""The contracts are ODCS 3.2 by the word of the standard's own tool, not only by ours."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_config.settings import ROOT
from tests.lib.contract_linter import lint, linter

CONTRACTS = sorted((ROOT / "lake_config" / "contracts").glob("*.yaml"))

# each: (text, replacement, a word of the linter's complaint)
DAMAGES = [
    ("version: 1.0.0\n", "", "'version'"),
    ("tenant: suihua", "tenent: suihua", "tenent"),
    ("logicalType: string", "logicalType: text", "'text'"),
    # Why our semantic type is a custom property (docs/adr/0006).
    ("        required: true\n", "        semanticType: mobile\n", "mobile"),
]


@pytest.fixture(scope="module")
def program() -> Path:
    return linter()


def test_all_five_are_looked_at() -> None:
    assert len(CONTRACTS) == 5


@pytest.mark.parametrize("path", CONTRACTS, ids=lambda path: path.stem)
def test_contract_is_odcs(program: Path, path: Path) -> None:
    done = lint(program, path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "valid against ODCS v3.2.0" in done.stdout


def test_the_linter_says_no(program: Path, tmp_path: Path) -> None:
    text = CONTRACTS[0].read_text("utf-8")
    for old, new, _ in DAMAGES:
        assert old in text, "the damage must apply to the contract"
        text = text.replace(old, new, 1)
    broken = tmp_path / "broken.yaml"
    broken.write_text(text, encoding="utf-8")
    done = lint(program, broken)
    assert done.returncode == 1
    assert [word for _, _, word in DAMAGES if word not in done.stdout] == []
