"""Pages that are generated, or name files, must not go stale."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from audit.ledger import SIGNING_KEY
from jobs.session import CONNECT_TOKEN
from jobs.tell_receivers import RECEIVERS
from lake_config.contract_keys import CONTRACT
from lake_config.contract_loader import load_contracts
from lake_config.contract_shape import Key, Level
from lake_config.settings import ROOT, check, load
from ops.exit_codes import lake_errors
from ops.reference_pages import PAGES
from privacy.keys import MASTER
from sharing.links import LINK_KEY

LINKED = [
    "README.md",
    "README.zh-CN.md",
    "SECURITY.md",
    "docs/how-to/add_a_department.md",
    "docs/how-to/keys.md",
    "docs/how-to/quarantine.md",
    "docs/how-to/storage.md",
    "docs/reference/alerts.md",
    "docs/reference/commands.md",
    "docs/reference/contract_keys.md",
]
SETTINGS = (ROOT / "docs/reference/settings.md").read_text("utf-8")


@pytest.mark.parametrize("name", PAGES)
def test_page_is_the_generated_one(name: str) -> None:
    assert (ROOT / name).read_text("utf-8") == PAGES[name](), "run ./lake fix"


def test_every_key_of_a_contract_has_a_meaning() -> None:
    assert [name for name, key in _keys(CONTRACT) if not key.meaning.strip()] == []


def _keys(level: Level) -> list[tuple[str, Key]]:
    found = [*level.keys.items(), *level.custom.items()]
    for _, key in list(found):
        inner = key.kind[0] if isinstance(key.kind, list) else key.kind
        found += _keys(inner) if isinstance(inner, Level) else []
    return found


def settings_rows() -> dict[str, list[str]]:
    """Setting to its cells: default, meaning, production's demand."""
    lines = re.findall(r"^\| `(LAKE_\w+)` \|(.*)\|$", SETTINGS, re.MULTILINE)
    return {name: [cell.strip() for cell in rest.split("|")] for name, rest in lines}


def test_settings_page_has_every_setting() -> None:
    code = (ROOT / "lake_config/settings.py").read_text("utf-8")
    assert set(settings_rows()) == set(re.findall(r"LAKE_[A-Z_]+", code))


@pytest.mark.parametrize("name", settings_rows())
def test_settings_page_tells_the_default(name: str, tmp_path: Path) -> None:
    """Who sets a setting to its default changes nothing."""
    default = settings_rows()[name][0].strip("`").replace("ROOT", str(ROOT))
    default = default.replace("LAKE_CACHE", "~/.cache/suihua-lake")
    others = {} if name == "LAKE_HOME" else {"LAKE_HOME": str(tmp_path)}
    written = {**others, name: default.replace("~", str(Path.home()))}
    assert load(written) == load(others)


def test_settings_page_tells_what_production_demands(tmp_path: Path) -> None:
    small = load({"LAKE_HOME": str(tmp_path)})
    problems = check(replace(small, profile="production"))
    demanded = {re.findall("LAKE_[A-Z_]+", problem)[0] for problem in problems}
    assert demanded == {name for name, cells in settings_rows().items() if cells[2]}


def test_settings_page_names_the_secret_files() -> None:
    contracts = load_contracts(ROOT / "lake_config/contracts")
    servers = [server for contract in contracts for server in contract.servers]
    assert any(server.secret in SETTINGS for server in servers if server.secret)
    for name in (SIGNING_KEY, MASTER, LINK_KEY, CONNECT_TOKEN, RECEIVERS):
        assert f"/{name}`" in SETTINGS


def test_codes_belong_to_one_situation() -> None:
    codes = [
        kind.exit_code for kind in lake_errors() if kind.__name__ != "ContractError"
    ]
    assert len(codes) == len(set(codes))


@pytest.mark.parametrize("name", LINKED)
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
