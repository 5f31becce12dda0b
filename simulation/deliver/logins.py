"""Passwords of the simulated departments' servers, made once per lake."""

from __future__ import annotations

import secrets

from lake_config.contract import Server
from lake_config.settings import Settings, read_private, write_private

ADMIN = "lake_admin"


def admin_password(settings: Settings) -> str:
    """The simulated departments' own administrator; never known to a job."""
    path = settings.layers.sources / "admin_password"
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return read_private(path)


def reader_password(settings: Settings, server: Server) -> str:
    """What the lake's collector logs in with, under the name the contract gives."""
    path = settings.layers.secrets / server.secret
    if not path.exists():
        write_private(path, secrets.token_urlsafe(24))
    return read_private(path)
