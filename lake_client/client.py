"""Published tables as pandas frames, through the official Delta Sharing client."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import delta_sharing
import pandas as pd
from requests.exceptions import ConnectionError as NoConnection
from requests.exceptions import HTTPError

REASONS = {
    401: "凭据无效或已过期，请向安全管理员重新申请凭据文件。",
    404: "没有这张表，或您没有权限。可用 list_tables() 查看可读的表。",
    429: "请求过于频繁，请稍后再试。",
    503: "共享服务暂停，请联系系统管理员。",
}


class LakeClientError(Exception):
    """What went wrong and what to do, in Chinese."""


@dataclass(frozen=True, slots=True)
class Lake:
    """One person's view of the shared tables."""

    profile: str

    def list_tables(self) -> list[str]:
        """Names as `department.table`."""
        found = _asked(delta_sharing.SharingClient(self.profile).list_all_tables)
        return sorted(f"{table.schema}.{table.name}" for table in found)

    def describe(self, table: str) -> pd.DataFrame:
        """Columns and types of a table."""
        frame = self.read(table, limit=1)
        return pd.DataFrame(
            {"列": frame.columns, "类型": frame.dtypes.astype(str).values}
        )

    def read(self, table: str, limit: int | None = None) -> pd.DataFrame:
        """The newest published version; each read is recorded in the audit ledger."""
        schema, _, name = table.partition(".")
        url = f"{self.profile}#suihua.{schema}.{name}"
        return _asked(lambda: delta_sharing.load_as_pandas(url, limit=limit))


def connect(profile: str | Path) -> Lake:
    """Use the credentials file that the security administrator handed out."""
    path = Path(profile)
    if not path.is_file():
        raise LakeClientError(f"找不到凭据文件 {path}。")
    return Lake(str(path))


def _asked(call: Any) -> Any:
    try:
        return call()
    except HTTPError as error:
        raise LakeClientError(_reason(error.response)) from None
    except NoConnection:
        raise LakeClientError(
            "连接不上共享服务，请稍后再试或联系系统管理员。"
        ) from None


def _reason(response: Any) -> str:
    """Ours; while the service is closed, its own word for why."""
    code = response.status_code if response is not None else 0
    reason = REASONS.get(code, f"服务拒绝了请求（{code}）。")
    try:
        return str(response.json()["message"]) if code == 503 else reason
    except (ValueError, KeyError, TypeError):
        return reason
