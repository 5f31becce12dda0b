"""What the storage check found, as a file; production does not start without it.

The digest shows a file that was edited by hand or torn; who may write both could forge
both, which is why the digest also stands in the ledger.
"""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

from lake_config.calendar import CITY_TIME
from lake_config.digests import sm3
from lake_config.errors import StoreUnfit
from lake_config.settings import Settings, write_private

CHECK = "请执行：./lake storage check"


def write_verdict(settings: Settings, verdict: dict[str, Any]) -> None:
    write_private(settings.layers.store_verdict, json.dumps(verdict, indent=1))


def sealed(
    settings: Settings, passed: bool, rounds: int, properties: list[dict[str, Any]]
) -> dict[str, Any]:
    """A verdict about this deployment's store as it is set up now."""
    facts = {
        "endpoint": settings.store,
        "encryption": settings.store_encryption,
        "checked_at": datetime.now(CITY_TIME).isoformat(timespec="seconds"),
        "rounds": rounds,
        "passed": passed,
        "properties": properties,
    }
    return {**facts, "digest": _digest(facts)}


def require_verdict(settings: Settings) -> None:
    """StoreUnfit unless exactly this store passed, not too long ago."""
    path = settings.layers.store_verdict
    if not path.exists():
        raise StoreUnfit(f"对象存储 {settings.store} 从未核验，不能投入使用。{CHECK}")
    try:
        problem = _problem(settings, json.loads(path.read_text("utf-8")))
    except (ValueError, KeyError, TypeError):
        problem = "核验结论文件已损坏"
    if problem:
        raise StoreUnfit(f"对象存储 {settings.store} 不能投入使用：{problem}。{CHECK}")


def _problem(settings: Settings, verdict: dict[str, Any]) -> str:
    facts = {name: value for name, value in verdict.items() if name != "digest"}
    age = datetime.now(CITY_TIME) - datetime.fromisoformat(facts["checked_at"])
    if verdict["digest"] != _digest(facts):
        return "核验结论文件被改动过"
    if facts["endpoint"] != settings.store:
        return f"核验的是另一个存储 {facts['endpoint']}"
    if facts["encryption"] != settings.store_encryption:
        return "核验之后改动了 LAKE_STORE_ENCRYPTION"
    if not facts["passed"]:
        return "核验未通过"
    if age > timedelta(days=settings.store_verdict_days):
        return f"上次核验已过 {age.days} 天，超过 LAKE_STORE_VERDICT_DAYS"
    return ""


def _digest(facts: dict[str, Any]) -> str:
    text = json.dumps(facts, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return sm3(text.encode())
