"""Letting people in and out of the sharing service, from the command line."""

from __future__ import annotations

import json
from pathlib import Path

from rich.console import Console

from lake_config.errors import UsageError
from lake_config.settings import Settings, write_private
from ops.running import start_sharing
from sharing.people import enrol, list_people, revoke

console = Console()


def add_person(
    settings: Settings, name: str, profile: Path, days: int, recipient: str
) -> None:
    """Enrol one person; the profile holds the only copy of the token (mode 0600)."""
    if profile.exists():
        raise UsageError(f"{profile} 已存在，不会覆盖别人的凭据文件。请换一个文件名。")
    credentials = enrol(settings, name, days, recipient)
    write_private(profile, json.dumps(credentials, ensure_ascii=False, indent=2))
    console.print(f"已登记 {name}，凭据写入 {profile}（{days} 天内有效，只写这一次）。")


def revoke_person(settings: Settings, name: str) -> None:
    revoke(settings, name)
    console.print(f"{name} 的凭据已停用。")


def list_persons(settings: Settings) -> None:
    for person in list_people(settings):
        console.print(person, highlight=False)


def serve(settings: Settings) -> None:
    """Run the service until Ctrl-C."""
    service = start_sharing(settings)
    console.print(f"共享服务 {settings.sharing_url}，按 Ctrl-C 停止。", highlight=False)
    service.process.wait()
