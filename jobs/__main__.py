"""`python -m jobs STEP --department D [--table T] --date YYYY-MM-DD`: what Airflow runs.

Prints one line per step (counts only) and ends with the error's own exit code; 99 means
that there was nothing to do. A refusal is recorded before the process ends.
"""

from __future__ import annotations

import argparse
import errno
import os
import signal
import sys
import time
from datetime import date

from jobs.context import Job
from jobs.failures import give_up, record_failure
from jobs.step_limit import STEP_SECONDS, no_longer_than
from jobs.steps import Gated
from lake_config.contract import Contract
from lake_config.contract_loader import contract_of
from lake_config.errors import JobFailed, LakeError, NothingToDo, UsageError
from lake_config.layers import batch_id
from lake_config.settings import OTHERS, Settings, load


def land(job: Job) -> str:
    """Collect and reconcile; resumes at whichever is not done."""
    from jobs.collect import collect
    from jobs.reconcile import reconcile
    from jobs.steps import Collected

    try:
        collected = collect(job)
    except NothingToDo:
        collected = Collected.load(job)
    return f"{reconcile(job, collected).body['rows']} rows collected and reconciled"


def release(job: Job) -> str:
    """Mask and publish; resumes at whichever is not done."""
    from jobs.beside import published_beside
    from jobs.mask import mask_batch
    from jobs.publish import publish, refuse_if_published
    from jobs.steps import Masked
    from jobs.turn import refuse_if_not_shared, refuse_if_out_of_turn
    from privacy.approval import check
    from privacy.policy import POLICY_VERSION

    gated = Gated.load(job)
    refuse_if_not_shared(job)
    check(job.settings, job.contract, POLICY_VERSION)
    try:
        refuse_if_published(job, gated)
    except NothingToDo:
        if not (beside := published_beside(job, gated)):
            raise
        return f"published {beside}"
    refuse_if_out_of_turn(job)
    try:
        masked = mask_batch(job, gated)
    except NothingToDo:
        masked = Masked.load(job)
    body = publish(job, masked).body
    beside = published_beside(job, gated)
    also = f", with {beside}" if beside else ""
    return f"{body['rows']} rows published as version {body['version']}{also}"


def replay(job: Job) -> str:
    """Quarantined rows that a signed correction lets through, judged again."""
    from jobs.replay import replay_quarantine
    from jobs.tickets import settle_quarantine

    try:
        body = replay_quarantine(job).body
    finally:
        settle_quarantine(job)
    return f"{body['replayed']} rows replayed, {body['quarantined']} still quarantined"


STEPS = {"land": land, "replay": replay, "release": release}


def main(arguments: list[str]) -> int:
    given = _parse(arguments)
    os.umask(OTHERS)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    day, began = given.date, time.monotonic()
    try:
        settings = load()
    except LakeError as error:
        print(str(error), file=sys.stderr)
        return error.exit_code
    try:
        contract = contract_of(settings.contracts, given.department)
        with no_longer_than(STEP_SECONDS):
            said = _run(settings, contract, given, day)
    except LakeError as error:
        return _ended(settings, given, day, error)
    except Exception as error:
        return _ended(settings, given, day, JobFailed(_untold(error)))
    about = ".".join(filter(None, (given.department, given.table)))
    print(f"{given.step} {about} {day}: {said} ({time.monotonic() - began:.1f} s)")
    return 0


def _untold(error: Exception) -> str:
    """Where it happened, without its message, which may quote a cell."""
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return "磁盘空间不足，步骤没有完成，稍后自动重试。请系统管理员清理空间。"
    place = error.__traceback__
    while place and place.tb_next:
        place = place.tb_next
    where = f"{place.tb_frame.f_code.co_filename}:{place.tb_lineno}" if place else ""
    return f"内部错误 {type(error).__name__}（{where}），消息不予显示。"


def _run(
    settings: Settings, contract: Contract, given: argparse.Namespace, day: date
) -> str:
    if given.step == "failed":
        give_up(settings, given.department, given.table, day, given.of)
        return "recorded"
    names = [table.name for table in contract.tables]
    if given.table not in (names if given.step != "gate" else [*names, None]):
        raise UsageError(f"{given.department} 没有表“{given.table}”。")
    if given.step == "gate":
        from jobs.gate import gate_department

        gate_department(settings, contract, day, given.table)
        return "gated"
    job = Job(
        settings,
        contract,
        contract.table(given.table),
        day,
        given.step,
        given.scheduled,
    )
    return STEPS[given.step](job)


def _ended(
    settings: Settings, given: argparse.Namespace, day: date, error: LakeError
) -> int:
    batch = batch_id(given.department, given.table or "*", day)
    text = str(error)
    print(text if batch in text else f"{batch}：{text}", file=sys.stderr)
    if not isinstance(error, NothingToDo) and given.step != "failed":
        try:
            about = error.table or given.table
            record_failure(settings, given.department, about, day, given.step, error)
        except LakeError as unrecorded:
            if type(unrecorded) is not type(error):
                print(str(unrecorded), file=sys.stderr)
            return unrecorded.exit_code
    return error.exit_code


def _parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m jobs")
    parser.add_argument("step", choices=[*STEPS, "gate", "failed"])
    parser.add_argument("--department", required=True)
    parser.add_argument("--table")
    parser.add_argument("--date", required=True, type=date.fromisoformat)
    parser.add_argument("--scheduled", action="store_true")
    parser.add_argument("--step", dest="of", default="")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
