"""Keeps services running, each a process of its own, started again when it ends.

What a person wants of one of them lies in `state/services/`: `<name>.stopped` keeps it
down, `<name>.restart` is asked for once. `running.json` tells which are up.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from lake_config.errors import UsageError
from lake_config.settings import Settings, read_private, write_private
from ops.processes import Service, bury, stop

Say = Callable[[str], None]
FIRST_WAIT, LONGEST_WAIT = 1.0, 30.0
STEADY_SECONDS = 60.0
"""Who ran as long as this has recovered: its next end is answered at once."""
STOPPED, RESTART = "stopped", "restart"


def folder_of(settings: Settings) -> Path:
    return settings.layers.state / "services"


def wait_after(ends: int) -> float:
    """Seconds before the next start after so many ends in a row; doubled, and bounded."""
    return 0.0 if ends < 1 else min(LONGEST_WAIT, FIRST_WAIT * 2.0 ** min(ends - 1, 9))


@dataclass(frozen=True, slots=True)
class Watched:
    """A service, how often in a row it has ended, and when it is started (again)."""

    service: Service
    started: float
    ends: int = 0
    due: float | None = None


class Supervisor:
    """Looks after services; `turn` is one look at each of them."""

    def __init__(self, settings: Settings, services: Iterable[Service], say: Say):
        now = time.monotonic()
        self._folder, self._say = folder_of(settings), say
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._watched = {item.name: Watched(item, now) for item in services}
        for path in self._folder.iterdir():
            path.unlink()
        self._tell()

    def turn(self) -> None:
        """Stop what is not wanted, start what has ended and is due."""
        before = self._watched
        self._watched = {name: self._looked(item) for name, item in before.items()}
        if before != self._watched:
            self._tell()

    def stop_all(self) -> None:
        for item in self._watched.values():
            stop(item.service)
            bury(item.service)
        (self._folder / "running.json").unlink(missing_ok=True)

    def _looked(self, item: Watched) -> Watched:
        name, now = item.service.name, time.monotonic()
        held = (self._folder / f"{name}.{STOPPED}").exists()
        asked = self._folder / f"{name}.{RESTART}"
        if asked.exists():
            asked.unlink()
            stop(item.service)
            bury(item.service)
            return self._begun(replace(item, ends=0), now)
        if held:
            if not bury(item.service):
                stop(item.service)
            return replace(item, ends=0, due=now)
        if not bury(item.service):
            return item
        if item.due is None:
            steady = now - item.started > STEADY_SECONDS
            ends = 1 if steady else item.ends + 1
            code = item.service.process.returncode
            seconds = wait_after(ends - 1)
            self._say(f"服务 {name} 已中止（{code}），{seconds:.0f} 秒后重新启动")
            return replace(item, ends=ends, due=now + seconds)
        return self._begun(item, now) if now >= item.due else item

    def _begun(self, item: Watched, now: float) -> Watched:
        service = item.service.again()
        self._say(f"服务 {service.name} 已重新启动")
        return Watched(service, now, item.ends)

    def _tell(self) -> None:
        alive = {
            name: item.service.process.pid
            for name, item in self._watched.items()
            if item.service.process.returncode is None
        }
        write_private(self._folder / "running.json", json.dumps(alive))


def running(settings: Settings) -> dict[str, int]:
    """Names and process ids of what `./lake up` holds; empty where it does not run."""
    path = folder_of(settings) / "running.json"
    found: dict[str, int] = json.loads(read_private(path)) if path.exists() else {}
    return found


def ask(settings: Settings, name: str, what: str) -> None:
    """`stop`, `start` or `restart` one service of the running `./lake up`."""
    folder = folder_of(settings)
    held = folder / f"{name}.{STOPPED}"
    known = {*running(settings), *(path.stem for path in folder.glob(f"*.{STOPPED}"))}
    if name not in known:
        there = "、".join(sorted(known)) or "无（./lake up 没有运行）"
        raise UsageError(f"没有服务“{name}”。现有：{there}。")
    if what == "stop":
        write_private(held, "")
    else:
        with suppress(FileNotFoundError):
            held.unlink()
        if what == "restart":
            write_private(folder / f"{name}.{RESTART}", "")
