"""The demo's grant: incident reports as masked text, for one recipient, by two signatures.

At the end a person of that recipient reads the table, and the truth is looked for in it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections.abc import Callable, Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import delta_sharing
import yaml

from audit.ledger import open_ledger
from audit.receipts import last_published, masked_as_published
from lake_config.calendar import city_today
from lake_config.contract import Contract
from lake_config.layers import table_key
from lake_config.settings import ROOT, Settings, write_private
from ops.demo_check import texts_with_a_name
from ops.processes import Service, start
from privacy.grants import sign_grant
from privacy.names.model import model_path, whole
from privacy.names.rates import rates_path
from privacy.warrants import NEEDED
from sharing.people import enrol

Say = Callable[[str], None]
READER = "钱研判"
GRANT: dict[str, Any] = {
    "name": "incident_reports",
    "recipient": "governance_centre",
    "purpose": "supervision",
    "department": "public_security",
    "table": "incidents",
    "columns": [
        "incident_no",
        "incident_type",
        "county_code",
        "reported_at",
        "narrative",
    ],
    "options": [{"column": "narrative", "option": "masked_text"}],
    "reason": "市域社会治理中心研判矛盾纠纷，只看经过，不看是谁",
}
TEXT = "narrative"
DAYS = 90


def start_training(settings: Settings) -> Service | None:
    """The model of names in a process of its own, while all else starts; None if there."""
    if whole(model_path(settings.cache)) and rates_path(settings.cache).exists():
        return None
    command = [sys.executable, "-m", "ops", "privacy", "train"]
    environment = {**settings.environment, "PYTHONPATH": str(ROOT)}
    return start("names", command, settings.layers.logs / "names.log", environment)


def granted_here(contracts: Iterable[Contract]) -> bool:
    """Is the department whose table is granted part of this demo?"""
    return GRANT["department"] in {contract.department for contract in contracts}


def declare_and_sign(settings: Settings, officers: tuple[str, ...], say: Say) -> None:
    """Write the declaration; both officers sign it where everybody sees it."""
    until = city_today() + timedelta(days=DAYS)
    text = yaml.safe_dump({"grants": [{**GRANT, "until": until}]}, allow_unicode=True)
    write_private(settings.layers.grants, text)
    for officer in officers:
        grant, found = sign_grant(
            settings, open_ledger(settings), GRANT["name"], officer
        )
        say(
            f"安全管理员{officer}签署授权 {grant.name}：{grant.recipient} 读 "
            f"{table_key(grant.department, grant.table)} 的案情（脱敏文本），"
            f"{grant.until} 到期（{len(found)}/{NEEDED}）"
        )


def told(settings: Settings) -> tuple[str, bool]:
    """What the recipient reads, against the truth and the rates of the receipt."""
    texts, about = _read(settings), _receipt(settings)
    if not texts or not about:
        return "授权：案情表没有发布 ✗", False
    rates = about["rates"]
    named = texts_with_a_name(texts, settings.layers.truth)
    allowed = rates["person"]["leak_rate"] * len(texts)
    good = len(texts) == about["cells"] and named <= allowed
    line = (
        f"授权 {GRANT['name']}：{READER}（{GRANT['recipient']}）读到案情 {len(texts):,} 条，"
        f"脱敏 {about['masked']:,} 条，不提供 {about['withheld']:,} 条；仍含真实姓名 "
        f"{named} 条（实测漏遮率：人名 {rates['person']['leak_rate']:.1%}，"
        f"地名 {rates['place']['leak_rate']:.1%}，允许 {allowed:.0f} 条）"
        f"{'✓' if good else '✗'}"
    )
    return line, good


def folder(settings: Settings) -> Path:
    """Where the granted table lies."""
    whose = (GRANT["recipient"], GRANT["department"], GRANT["name"])
    return settings.layers.shared_table(*whose)


def _read(settings: Settings) -> list[str]:
    """The texts as the official client is served them, for a person of the recipient."""
    with tempfile.TemporaryDirectory(prefix="lake-profile-") as folder:
        profile = Path(folder) / "reader.share"
        own = enrol(settings, READER, 1, GRANT["recipient"])
        write_private(profile, json.dumps(own))
        url = f"{profile}#suihua.{GRANT['department']}.{GRANT['name']}"
        try:
            frame = delta_sharing.load_as_pandas(url)
        except Exception:
            return []
    return [str(text) for text in frame[TEXT].dropna()]


def _receipt(settings: Settings) -> dict[str, Any]:
    ledger = open_ledger(settings)
    whose = (GRANT["recipient"], GRANT["department"], GRANT["name"])
    newest = last_published(ledger, *whose)
    if newest is None:
        return {}
    masked = masked_as_published(ledger, newest.batch, newest.body)
    return dict(masked.body["text"][TEXT])
