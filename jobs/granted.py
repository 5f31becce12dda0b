"""The tables of grants: each masked, scanned and judged for its own recipient and purpose.

Each has batch, keys, receipts, lease and versions of its own, and is about the version of
its table that people read now. One that may not be shared, or breaks, stops no other; a run
that was killed before all were published is made up for by the next.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from audit.receipts import find
from jobs.committed_rows import committed_rows
from jobs.context import Job
from jobs.differencing import compared
from jobs.key_use import keys_for, record_key_use, refuse_if_keys_changed
from jobs.mask import recorded, refuse_unless_good, staged_of
from jobs.publish import moved
from jobs.steps import Gated, Masked
from jobs.turn import refuse_if_overtaken
from lake_config.errors import ComponentMissing
from lake_config.grants import Grant, read_grants
from privacy.column_treatment import MASKED_TEXT, treatment_of
from privacy.grants import ended, granted, require_in_force
from privacy.mask_frame import key_names
from quality.frames import collected

Rates = dict[str, Any]


def grants_due(job: Job, gated: Gated) -> list[tuple[str, Callable[[], bool]]]:
    """The table of each grant that is not over, and what publishes it; False where that is
    done already."""
    return [
        (grant.name, partial(_published, job, grant, gated)) for grant in grants_on(job)
    ]


def grants_on(job: Job) -> list[Grant]:
    """The grants on the job's table that are not over."""
    about = (job.contract.department, job.table.name)
    return [
        grant
        for grant in read_grants(job.settings)
        if (grant.department, grant.table) == about and not ended(job.ledger, grant)
    ]


def own_job(job: Job, grant: Grant) -> Job:
    """The same delivery as the grant's own table, for its recipient and purpose."""
    table = granted(grant, job.table)
    return replace(job, table=table, recipient=grant.recipient, purpose=grant.purpose)


def _published(job: Job, grant: Grant, gated: Gated) -> bool:
    require_in_force(job.settings, job.ledger, grant, job.contract)
    own = own_job(job, grant)
    if _done(own, grant, gated):
        return False
    masked = _masked(job, own, grant, gated)

    def still_mine() -> None:
        refuse_if_overtaken(job, own, masked)
        require_in_force(own.settings, own.ledger, grant, own.contract)
        refuse_if_keys_changed(own, masked.body["key_ids"])

    about = {"grant": grant.digest, "until": grant.until.isoformat()}
    moved(own, masked, still_mine, **about, **compared(own, masked))
    return True


def _done(own: Job, grant: Grant, gated: Gated) -> bool:
    done = find(own.ledger, "published", own.batch, gated.attempt)
    told = (grant.digest, gated.replay)
    return bool(
        done and done.ok and (done.body["grant"], done.body.get("replay", "")) == told
    )


def _masked(job: Job, own: Job, grant: Grant, gated: Gated) -> Masked:
    """In staging, with a receipt that names the grant and what its texts may still hold."""
    scope = keys_for(own)
    ids = key_names(own.table, scope)
    texts = text_columns(own)
    rates = measured_rates(own) if texts else {}
    record_key_use(own, own.batch, ids, scope.purpose)
    staged = staged_of(own, job, scope, gated)

    def still_counts() -> None:
        gated.still_counts(job)
        refuse_if_keys_changed(own, ids)

    text = _told(own, staged.facts["staged"], texts, rates) if staged.ok else {}
    about: dict[str, Any] = {"grant": grant.digest, **({"text": text} if text else {})}
    body = recorded(own, gated, ids, staged, still_counts, **about)
    refuse_unless_good(own, gated, staged, body)
    return Masked(gated.attempt, body)


def text_columns(own: Job) -> list[str]:
    """Names of the columns that are shared as masked text."""
    return [
        column.name
        for column in own.table.columns
        if treatment_of(column, own.purpose).kind == MASKED_TEXT
    ]


def measured_rates(own: Job) -> Rates:
    """What the model leaves visible; without a model nothing is written at all."""
    try:
        from privacy.names.detect import own_find
        from privacy.names.rates import measured

        own_find()
        return measured(own.settings.cache)
    except (OSError, ImportError) as error:
        kind = type(error).__name__
        raise ComponentMissing(
            f"{own.batch}：姓名、地名模型不可用（{kind}），自由文本没有脱敏，没有写出任何"
            "内容。请系统管理员执行 ./lake privacy train 后重新执行。"
        ) from None


def _told(own: Job, staged: str, names: list[str], rates: Rates) -> dict[str, Any]:
    """For the receipt, of the very files that will be published."""
    from privacy.masked_text import counts

    rows = committed_rows(own.store, own.settings.home / staged)
    return {
        name: {**collected(counts(rows, name)).row(0, named=True), "rates": rates}
        for name in names
    }
