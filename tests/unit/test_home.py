"""A lake's home is for its owner only; one that is not is refused, never quietly changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from lake_config.errors import SettingsError
from lake_config.settings import load


@pytest.mark.parametrize("mode", [0o755, 0o711, 0o750, 0o701])
def test_a_home_that_others_may_enter_is_refused(tmp_path: Path, mode: int) -> None:
    home = tmp_path / "lake"
    home.mkdir()
    home.chmod(mode)
    with pytest.raises(SettingsError, match="chmod 700"):
        load({"LAKE_HOME": str(home)})
    assert home.stat().st_mode & 0o777 == mode
    home.chmod(0o700)
    assert load({"LAKE_HOME": str(home)}).home == home
