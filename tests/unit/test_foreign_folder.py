"""A folder somebody else controls: no link is followed, no name used twice, no torn file."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobs.foreign_folder import new_file
from lake_config.errors import AccessDenied


def test_a_whole_file_appears_for_its_owner_only(tmp_path: Path) -> None:
    folder = tmp_path / "sources" / "returned"
    with new_file(tmp_path, folder, "a.csv") as file:
        file.write("编号\n")
        assert "a.csv" not in [path.name for path in folder.iterdir()]
    assert (folder / "a.csv").read_text("utf-8-sig") == "编号\n"
    assert (folder / "a.csv").stat().st_mode & 0o777 == 0o600
    assert [path.name for path in folder.iterdir()] == ["a.csv"]


def test_a_link_under_the_final_name_is_replaced_never_followed(tmp_path: Path) -> None:
    victim = tmp_path / "victim"
    victim.write_text("precious", "utf-8")
    folder = tmp_path / "returned"
    folder.mkdir()
    (folder / "a.csv").symlink_to(victim)
    with new_file(tmp_path, folder, "a.csv") as file:
        file.write("rows")
    assert victim.read_text("utf-8") == "precious"
    assert not (folder / "a.csv").is_symlink()


@pytest.mark.parametrize("step", ["sources", "returned"])
def test_a_linked_folder_is_refused(tmp_path: Path, step: str) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "returned").mkdir(parents=True)
    home = tmp_path / "home"
    home.mkdir()
    if step == "sources":
        (home / "sources").symlink_to(elsewhere)
    else:
        (home / "sources").mkdir()
        (home / "sources" / "returned").symlink_to(elsewhere / "returned")
    with pytest.raises(AccessDenied, match="链接"):
        with new_file(home, home / "sources" / "returned", "a.csv"):
            raise AssertionError
    assert not list((elsewhere / "returned").iterdir())


def test_a_torn_file_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="torn"):
        with new_file(tmp_path, tmp_path / "returned", "a.csv") as file:
            file.write("half a row")
            raise ValueError("torn")
    assert not list((tmp_path / "returned").iterdir())
