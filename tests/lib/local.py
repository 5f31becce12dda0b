"""Local folders outside any lake, for tests of single functions."""

from __future__ import annotations

from pathlib import Path

from lake_config.layers import Layers
from storage.local_folders import LocalFolders

LOCAL = LocalFolders(Layers(Path("/nowhere")))
