"""A department's paged REST service: token, total, cursor.

Every page is kept as it came. Waits are bounded; throttling and expired tokens are met
politely; a page that repeats or is skipped shows in the cursor or in the total.
"""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from jobs.context import Job
from jobs.control_totals import Totals
from jobs.readers.extract import Extract, address, check_columns, nothing_to_confirm
from lake_config.contract import Server
from lake_config.errors import (
    DeliveryIncomplete,
    SourceRefusedLogin,
    SourceUnavailable,
)

TIMEOUT = httpx.Timeout(30, connect=10)
TRIES = 5
LONGEST_WAIT = 30.0


@contextmanager
def read_rest(job: Job, server: Server, delivered: Path) -> Iterator[Extract]:
    """All pages, kept in one JSON-lines file, which Spark reads as text."""
    place = address(job, server)
    delivered.mkdir(parents=True)
    kept = delivered / "rows.jsonl"
    with httpx.Client(base_url=place["location"], timeout=TIMEOUT) as http:
        total = _fetch(job, server, http, int(place.get("pageSize", 1_000)), kept)
    schema = ", ".join(f"`{column.name}` string" for column in job.table.columns)
    frame = job.spark.read.schema(schema).json(str(kept), mode="FAILFAST")
    yield Extract(frame, Totals(total, {}), nothing_to_confirm)


def _fetch(job: Job, server: Server, http: httpx.Client, size: int, kept: Path) -> int:
    cursor, seen, rows, total = "0", set(), 0, -1
    with kept.open("w", encoding="utf-8") as file:
        while cursor is not None:
            if cursor in seen:
                raise _incomplete(job)
            seen.add(cursor)
            page = _page(job, server, http, {"cursor": cursor, "limit": str(size)})
            if total not in (-1, page["total"]):
                raise SourceUnavailable(
                    f"{job.batch}：翻页期间数据变化，稍后会自动重试。"
                )
            total = page["total"]
            for row in page["rows"]:
                if not rows:
                    check_columns(job, row)
                file.write(json.dumps(row, ensure_ascii=False) + "\n")
                rows += 1
            cursor = page["next_cursor"]
    if rows != total:
        raise _incomplete(job)
    return total


def _incomplete(job: Job) -> DeliveryIncomplete:
    return DeliveryIncomplete(
        f"{job.batch}：接口重复或漏掉了页，行数与它自己给出的总数不符。请数源部门检查接口。"
    )


def _page(
    job: Job, server: Server, http: httpx.Client, query: dict[str, str]
) -> dict[str, Any]:
    """One page, with a few bounded tries; logs in when the token is missing or spent."""
    for _ in range(TRIES):
        try:
            answer = http.get(job.table.source["path"], params=query)
        except httpx.HTTPError:
            time.sleep(1)
            continue
        if answer.status_code == 401:
            _login(job, server, http)
        elif answer.status_code == 429 or answer.status_code >= 500:
            time.sleep(_wait(answer))
        elif answer.is_success:
            return _checked(job, answer)
        else:
            raise _incomplete(job)
    raise SourceUnavailable(
        f"{job.batch}：接口多次没有正常应答。请与数源部门确认，稍后会自动重试。"
    )


def _wait(answer: httpx.Response) -> float:
    try:
        return min(LONGEST_WAIT, max(0.0, float(answer.headers.get("Retry-After", 1))))
    except ValueError:
        return 1.0


def _checked(job: Job, answer: httpx.Response) -> dict[str, Any]:
    try:
        page: dict[str, Any] = answer.json()
        good = isinstance(page["total"], int) and isinstance(page["rows"], list)
        good = good and (page["next_cursor"] is None or page["next_cursor"] != "")
    except (ValueError, KeyError, TypeError):
        good = False
    if not good:
        raise DeliveryIncomplete(f"{job.batch}：接口的应答不是约定的格式。")
    return page


def _login(job: Job, server: Server, http: httpx.Client) -> None:
    account = {"user": server.user, "secret": job.settings.secret(server.secret)}
    try:
        answer = http.post("/token", json=account)
    except httpx.HTTPError:
        return
    if answer.status_code in (401, 403):
        raise SourceRefusedLogin(
            f"{job.batch}：接口拒绝了用户名或口令。请核对 secrets 中的口令文件。"
        )
    if answer.is_success:
        http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
