"""What lies in staging after masking, and a policy that lets plain values through."""

from __future__ import annotations

from dataclasses import replace

import pytest

from lake_config.settings import Settings
from privacy import policy


def staged_files(settings: Settings) -> list[str]:
    return [path.name for path in settings.layers.staging.rglob("*") if path.is_file()]


def weakened(monkeypatch: pytest.MonkeyPatch, *kinds_: str) -> None:
    for kind in kinds_:
        line = replace(policy.TABLE[kind], statistics=policy.KEEP)
        monkeypatch.setitem(policy.TABLE, kind, line)
