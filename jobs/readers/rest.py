"""A department's paged REST service: token, total, cursor.

Every page is kept as it came. Waits are bounded; throttling and expired tokens are met
politely; a page that repeats or is skipped shows in the cursor or in the total.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from jobs.context import Job
from jobs.control_totals import Totals
from jobs.readers.extract import Extract, address, refuse_empty
from jobs.readers.json_rows import NotJson, Number, land_rows, parsed, row_check
from jobs.readers.patience import fetched, jittered
from jobs.readers.seen_files import check_page
from lake_config.contract import Server
from lake_config.digests import sm3
from lake_config.errors import (
    DeliveryIncomplete,
    DeliveryUndecodable,
    SchemaChanged,
    SourceRefusedLogin,
    SourceUnavailable,
)
from lake_config.settings import source_authorities

SILENT_SECONDS, CONNECT_SECONDS = 30.0, 10.0
TRIES = 5
LONGEST_WAIT = 30.0
MOST_DIGITS = 18
Page = dict[str, Any]


@contextmanager
def read_rest(job: Job, server: Server, delivered: Path) -> Iterator[Extract]:
    """All pages, as they came; their rows in one file of texts, which Spark reads."""
    place = address(job, server)
    with job.store.workplace(delivered) as work:
        text = work.folder / "rows.text.parquet"
        with client(job, place["location"]) as http:
            size = int(place.get("pageSize", 1_000))
            pages = _pages(job, server, http, size, work.folder)
            total = land_rows(job, _rows(job, pages), text)
        refuse_empty(job, total)
        drift = check_page(job, work.folder / "page-000001.json")
        work.keep()
        frame = job.spark.read.parquet(work.given(text))
        yield Extract(frame, lambda: Totals(total, {}), drift)


def client(job: Job, location: str) -> httpx.Client:
    """Trusts whom the system trusts, whatever the store's own authority is."""
    patience = job.settings.source_seconds
    limits = min(patience, SILENT_SECONDS), min(patience, CONNECT_SECONDS)
    return httpx.Client(
        base_url=location,
        timeout=httpx.Timeout(limits[0], connect=limits[1]),
        verify=source_authorities(),
        trust_env=False,
    )


def _pages(
    job: Job, server: Server, http: httpx.Client, size: int, folder: Path
) -> Iterator[Page]:
    """Page after page by the service's own cursor, each kept before it is used.

    Where rows have a key no two pages hold the same: one that came for another leaves the
    service's total as it is.
    """
    cursor: str | None = "0"
    seen: set[str] = set()
    told: set[str] = set()
    total = None
    while cursor is not None:
        if cursor in seen:
            raise _incomplete(job)
        seen.add(cursor)
        answer = _answer(job, server, http, {"cursor": cursor, "limit": str(size)})
        (folder / f"page-{len(seen):06d}.json").write_bytes(answer.content)
        page = _checked(job, answer)
        if total not in (None, page["total"]):
            raise SourceUnavailable(f"{job.batch}：翻页期间数据变化，稍后会自动重试。")
        total, cursor = page["total"], page["next_cursor"]
        if cursor is not None and not page["rows"]:
            raise _incomplete(job)
        if (rows := sm3(repr(page["rows"]).encode(errors="backslashreplace"))) in told:
            raise _incomplete(job)
        if job.table.primary_key:
            told.add(rows)
        yield page


def first_page(job: Job, server: Server, http: httpx.Client, size: int) -> bytes:
    """The first page as it came, checked."""
    answer = _answer(job, server, http, {"cursor": "0", "limit": str(size)})
    _checked(job, answer)
    return answer.content


def _rows(job: Job, pages: Iterator[Page]) -> Iterator[dict[str, Any]]:
    """Every row, checked; in the end they are as many as the service's own total."""
    check, rows, total = row_check(job), 0, 0
    for page in pages:
        rows, total = rows + len(page["rows"]), int(page["total"])
        if rows > total:
            raise _incomplete(job)
        yield from map(check, page["rows"])
    if rows != total:
        raise _incomplete(job)


def _incomplete(job: Job) -> DeliveryIncomplete:
    return DeliveryIncomplete(
        f"{job.batch}：接口重复或漏掉了页，行数与它自己给出的总数不符。请数源部门检查接口。"
    )


def _answer(
    job: Job, server: Server, http: httpx.Client, query: dict[str, str]
) -> httpx.Response:
    """One answer, with a few bounded tries; logs in when the token is missing or spent.

    Asking for a page again changes nothing at the source.
    """
    code = 0
    for _ in range(TRIES):
        try:
            answer = fetched(http, job.table.source["path"], query)
            code = answer.status_code
            if code == 401:
                _login(job, server, http)
                continue
        except httpx.HTTPError as error:
            if _distrusted(error):
                raise _other_certificate(job) from None
            code = 0
            time.sleep(jittered(1))
            continue
        if code != 429 and code < 500:
            return answer
        time.sleep(jittered(_wait(answer)))
    if code == 401:
        raise _refused(job)
    raise SourceUnavailable(
        f"{job.batch}：接口多次没有正常应答。请与数源部门确认，稍后会自动重试。"
    )


def _other_certificate(job: Job) -> SourceUnavailable:
    return SourceUnavailable(
        f"{job.batch}：接口的证书过期、名称不符或不受信任，没有读取任何内容。"
        "请数源部门更换证书。"
    )


def _distrusted(error: BaseException | None) -> bool:
    """Is the server's certificate behind it?"""
    while error is not None and not isinstance(error, ssl.SSLCertVerificationError):
        error = error.__cause__ or error.__context__
    return error is not None


def _refused(job: Job) -> SourceRefusedLogin:
    return SourceRefusedLogin(
        f"{job.batch}：接口拒绝了用户名、口令或令牌。请核对 secrets 中的口令文件和接口权限。"
    )


def _wait(answer: httpx.Response) -> float:
    try:
        return min(LONGEST_WAIT, max(0.0, float(answer.headers.get("Retry-After", 1))))
    except ValueError:
        return 1.0


def _checked(job: Job, answer: httpx.Response) -> Page:
    if answer.status_code == 403:
        raise _refused(job)
    if answer.status_code == 404:
        raise SchemaChanged(f"{job.batch}：接口里没有这张表。请与数源部门确认。")
    try:
        page: Page = parsed(answer.content.decode("utf-8-sig"))
        good = isinstance(page["total"], Number) and page["total"].isdecimal()
        good = good and len(page["total"]) <= MOST_DIGITS
        good = good and isinstance(page["rows"], list)
        good = good and all(isinstance(row, dict) for row in page["rows"])
        good = good and isinstance(page["next_cursor"], str | None)
        good = good and page["next_cursor"] != ""
        good = good and (page["next_cursor"] or "").isprintable()
    except UnicodeDecodeError:
        raise DeliveryUndecodable(
            f"{job.batch}：接口的应答不是 UTF-8 编码。请数源部门检查接口。"
        ) from None
    except (NotJson, KeyError, TypeError):
        good = False
    if not (answer.is_success and good):
        raise _misformed(job)
    return page


def _misformed(job: Job) -> DeliveryIncomplete:
    return DeliveryIncomplete(
        f"{job.batch}：接口的应答不是约定的格式。请数源部门检查接口。"
    )


def _login(job: Job, server: Server, http: httpx.Client) -> None:
    account = {"user": server.user, "secret": job.settings.secret(server.secret)}
    answer = http.post("/token", json=account)
    if answer.status_code in (401, 403):
        raise _refused(job)
    if answer.status_code == 429 or answer.status_code >= 500:
        answer.raise_for_status()  # no word about the account
    if answer.is_success:
        try:
            http.headers["Authorization"] = f"Bearer {answer.json()['token']}"
        except (ValueError, KeyError, TypeError, RecursionError):
            raise _misformed(job) from None
