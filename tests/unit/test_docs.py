"""Pages that are generated, or name files, must not go stale."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from lake_config.settings import ROOT
from ops.exit_codes import lake_errors, page

PAGES = [
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "docs/how-to/add_a_department.md",
]


def test_exit_codes_page_is_the_generated_one() -> None:
    assert (ROOT / "docs/reference/exit_codes.md").read_text("utf-8") == page()


def test_codes_belong_to_one_situation() -> None:
    codes = [
        kind.exit_code for kind in lake_errors() if kind.__name__ != "ContractError"
    ]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("name", PAGES)
def test_links_lead_somewhere(name: str) -> None:
    path = ROOT / name
    links = re.findall(r"\]\(([^)#]+)\)", path.read_text("utf-8"))
    assert links
    assert [link for link in links if not (path.parent / link).exists()] == []


def test_compose_names_what_exists() -> None:
    compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text("utf-8"))
    builds = [item["build"] for item in compose["services"].values() if "build" in item]
    assert builds
    for build in builds:
        assert (ROOT / build["context"] / build["dockerfile"]).is_file()
    entry = (ROOT / "docker/entry").read_text("utf-8")
    own = [
        item for item in compose["services"].values() if "lake" in str(item["image"])
    ]
    commands = {item["command"][0] for item in own if "build" in item}
    assert {name for name in commands if name != "server"} <= set(
        re.findall(r"[\w-]+", entry)
    )
    example = (ROOT / "docker/example.env").read_text("utf-8")
    needed = set(
        re.findall(r"\$\{(\w+):\?", (ROOT / "docker-compose.yml").read_text("utf-8"))
    )
    assert needed <= set(re.findall(r"^(\w+)=", example, re.M))


@pytest.mark.parametrize("path", sorted((ROOT / "notebooks").glob("*.ipynb")))
def test_notebooks_are_kept_without_outputs(path: Path) -> None:
    """An output kept in git would be published data outside the shared zone."""
    cells = json.loads(path.read_text("utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    assert code
    assert all(not cell["outputs"] and not cell["execution_count"] for cell in code)
