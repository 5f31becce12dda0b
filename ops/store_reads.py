"""`./lake storage reads`: what the store served, held against what the ledger recorded."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from rich.console import Console
from rich.table import Table as Grid

from audit.ledger import Ledger, open_ledger
from audit.store_reads import Access, Finding, findings, times_of
from jobs.failures import alert
from jobs.tell_receivers import tell_receivers
from lake_config.contract import Contract
from lake_config.contract_loader import load_contracts
from lake_config.duties import DEPARTMENT_ZONES, SHARED, STAGING, Duty
from lake_config.errors import NothingToDo, ReadsUnrecorded
from lake_config.layers import batch_id, bucket, table_key
from lake_config.settings import Settings
from ops.store_log import Request, requests
from storage.accounts import account_name

LOOKED_BACK = timedelta(days=2)
READS = ("GetObject", "CopyObject", "SelectObjectContent")
WITHOUT_ROWS = ("/_delta_log/", "/_leases/")
Places = Mapping[str, tuple[str, str]]


def check_reads(settings: Settings, now: datetime | None = None) -> None:
    """Show and tell of every read the ledger does not know; ReadsUnrecorded then."""
    if not settings.store:
        raise NothingToDo("没有设置对象存储（LAKE_STORE），没有可核对的访问日志。")
    now = now or datetime.now(UTC)
    ledger, since = open_ledger(settings), now - LOOKED_BACK
    served = requests(settings.layers.store_log, since)
    found = list(accesses(settings, load_contracts(settings.contracts), served))
    events = (event for event in ledger.events() if event.time >= since.isoformat())
    missing = findings(found, times_of(events), now)
    Console().print(_grid(missing) if missing else f"{len(found)} 次访问，每次都有账。")
    _tell(settings, ledger, missing)
    if missing:
        raise ReadsUnrecorded(
            f"{len(missing)} 项与账本对不上。请审计管理员查明这些读取是谁、为何；"
            "必要时更换该职责的账号口令（secrets/store_…）。"
        )


def accesses(
    settings: Settings, contracts: Iterable[Contract], served: Iterable[Request]
) -> Iterator[Access]:
    """Requests about rows of this lake that the store granted, in the lake's words."""
    names = sorted(contract.department for contract in contracts)
    places = {
        bucket(settings.store_prefix, zone, name): (zone, name)
        for zone in DEPARTMENT_ZONES
        for name in names
    }
    duties = {account_name(settings.store_prefix, duty): str(duty) for duty in Duty}
    for request in served:
        granted = request.status < 300 and request.bucket in places
        about = _about(places, request) if granted else None
        if about:
            table, subject = about
            duty = duties.get(request.account, "")
            department = places[request.bucket][1]
            yield Access(
                request.moment, duty, department, table, subject, _reads(request)
            )


def _reads(request: Request) -> bool:
    """Does the answer hold rows? Logs and leases hold none."""
    inside = f"/{request.key}"
    return request.operation in READS and not any(it in inside for it in WITHOUT_ROWS)


def _about(places: Places, request: Request) -> tuple[str, str] | None:
    """Table and the ledger's subject: a batch, or in the shared zone the table itself."""
    zone, department = places[request.bucket]
    parts = request.key.split("/")
    if zone in (STAGING, SHARED):
        parts = parts[1:]
    if zone == SHARED:
        return (parts[0], table_key(department, parts[0])) if len(parts) > 1 else None
    try:
        day = date.fromisoformat(parts[1])
    except (IndexError, ValueError):
        return None
    return parts[0], batch_id(department, parts[0], day)


def _grid(missing: Sequence[Finding]) -> Grid:
    grid = Grid(title="与账本对不上", title_justify="left")
    for name in ("日期", "部门", "表", "情形", "次数"):
        grid.add_column(name)
    for it in missing:
        grid.add_row(it.day, it.department, it.table, it.words, f"{it.count:,}")
    return grid


def _tell(settings: Settings, ledger: Ledger, missing: Sequence[Finding]) -> None:
    """One alert each, once."""
    fresh = [it for it in missing if not _known(ledger, it)]
    for it in fresh:
        day = date.fromisoformat(it.day)
        alert(settings, it.department, it.table, day, it.what, send=False)
    if fresh:
        tell_receivers(settings)


def _known(ledger: Ledger, it: Finding) -> bool:
    subject = batch_id(it.department, it.table, date.fromisoformat(it.day))
    told = ledger.newest("alert", subject)
    return any(event.body["what"] == it.what for event in told)
