"""What went wrong, for the ledger and the alert log: class and code, never a message."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime

from audit.ledger import open_ledger
from jobs.context import ACTOR
from lake_config.errors import LakeError
from lake_config.layers import batch_id
from lake_config.settings import Settings

ADVICE = {
    "failed": "查看任务日志中的中文说明，排除后重新运行同一步骤",
    "leak_found": "安全管理员检查脱敏策略与契约的列类别",
}


def record_failure(
    settings: Settings,
    department: str,
    table: str | None,
    day: date,
    step: str,
    error: LakeError,
) -> None:
    """One `failed` event about a step."""
    body = {
        "department": department,
        "table": table or "*",
        "date": day.isoformat(),
        "step": step,
        "exit_code": error.exit_code,
        "error": type(error).__name__,
    }
    subject = batch_id(department, table or "*", day)
    open_ledger(settings).append("failed", ACTOR, subject, body)


def alert(
    settings: Settings, department: str, table: str | None, day: date, what: str
) -> None:
    """An alert in the ledger and one line in the alert log."""
    facts = {
        "department": department,
        "table": table or "*",
        "date": day.isoformat(),
        "what": what,
    }
    subject = batch_id(department, table or "*", day)
    open_ledger(settings).append("alert", ACTOR, subject, facts)
    line = {"time": datetime.now(UTC).isoformat(timespec="seconds"), **facts}
    line["advice"] = ADVICE.get(what.split(":")[0], ADVICE["failed"])
    settings.layers.logs.mkdir(parents=True, exist_ok=True)
    with settings.layers.alerts.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line, ensure_ascii=False) + "\n")
