"""Which grants are in force, and the table that each makes of the one it is about.

A grant is shared while two officers of today stand behind every word of it, under this
contract and this policy, until its day is over or an officer withdraws it. Whatever else is
the case stops its own table, and no other.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from audit.events import Json, canonical
from audit.ledger import Ledger
from audit.receipts import WITHDRAWN, withdrawn_grants
from lake_config.calendar import city_today
from lake_config.contract import NOT_SHARED, Contract, Table
from lake_config.contract_loader import contract_of
from lake_config.digests import sm3
from lake_config.errors import ContractError, GrantNotInForce, UsageError
from lake_config.grants import Grant, read_grants
from lake_config.layers import table_key
from lake_config.settings import Settings
from privacy.column_treatment import NOT_GRANTED, treatment_of
from privacy.options import OPTIONS
from privacy.policy import POLICY_VERSION, PURPOSES
from privacy.signatures import signed
from privacy.warrants import GRANT, NEEDED, Warrant, sign_warrant, signers


def granted(grant: Grant, table: Table) -> Table:
    """The table that the recipient reads. Columns that are not granted stay in it, marked:
    people are counted by them and texts masked by their values; none is published."""
    columns = [
        replace(
            column,
            option=grant.options.get(column.name, "")
            if column.name in grant.columns
            else NOT_GRANTED,
        )
        for column in table.columns
    ]
    return replace(
        table,
        name=grant.name,
        columns=tuple(columns),
        references=(),
        record_number=None,
        statistics=(),
    )


def ended(ledger: Ledger, grant: Grant) -> str:
    """Why it is over, in words; empty while it is not."""
    if grant.until < city_today():
        return f"已于 {grant.until} 到期"
    return "已撤回" if grant.digest in withdrawn_grants(ledger) else ""


def require_in_force(
    settings: Settings, ledger: Ledger, grant: Grant, contract: Contract
) -> None:
    """GrantNotInForce with every reason why it is not."""
    wrong = problems(ledger, grant, contract)
    if wrong:
        raise GrantNotInForce(
            f"授权“{grant.name}”不生效：{'；'.join(wrong)}。它的表没有发布，其他表不受影响。"
            "请改正 grants.yaml 后重新签署。"
        )
    found = grant_signers(settings, ledger, grant, contract)
    if len(found) < NEEDED:
        raise GrantNotInForce(
            f"授权“{grant.name}”须 {NEEDED} 名安全管理员签署，已有 {len(found)} 人"
            "（声明、契约或策略改动后须重新签署）。它的表没有发布，其他表不受影响。请执行："
            f"./lake grants sign {grant.name} --officer 姓名"
        )


def problems(ledger: Ledger, grant: Grant, contract: Contract) -> list[str]:
    """Everything that keeps it from being in force, but for signatures."""
    over = ended(ledger, grant)
    return [*([over] if over else []), *_misfits(grant, contract)]


def _misfits(grant: Grant, contract: Contract) -> Iterator[str]:
    if grant.purpose not in PURPOSES:
        yield f"没有用途“{grant.purpose}”"
    tables = {table.name: table for table in contract.tables}
    statistics = {one.name for table in contract.tables for one in table.statistics}
    if grant.name in tables.keys() | statistics:
        yield f"“{grant.name}”已是 {contract.department} 的表名"
    table = tables.get(grant.table)
    if table is None:
        yield f"{contract.department} 没有表“{grant.table}”"
    elif table.share_type == NOT_SHARED:
        yield f"目录规定“{grant.table}”不予共享"
    elif grant.purpose in PURPOSES:
        yield from _column_misfits(grant, table)


def _column_misfits(grant: Grant, table: Table) -> Iterator[str]:
    there = {column.name: column for column in table.columns}
    for name in grant.columns:
        column, option = there.get(name), grant.options.get(name, "")
        if column is None:
            yield f"表“{table.name}”没有列“{name}”"
        elif option and option not in OPTIONS.get(column.semantic_type, {}):
            yield f"列“{name}”没有可批准的方式“{option}”"
        elif not treatment_of(replace(column, option=option), grant.purpose).published:
            yield f"列“{name}”按策略不发布，也没有选用可批准的方式"


def warrant_of(grant: Grant, contract: Contract) -> Warrant:
    """What officers sign: every word of the declaration, its reason by digest, and the
    contract and the policy that give the words their meaning."""
    facts = {
        "recipient": grant.recipient,
        "purpose": grant.purpose,
        "table": grant.table,
        "columns": list(grant.columns),
        "options": grant.options,
        "reason_digest": sm3(canonical({"reason": grant.reason})),
        "contract": contract.digest,
        "policy": POLICY_VERSION,
    }
    return Warrant(GRANT, _place(grant), facts, grant.until.isoformat())


def sign_grant(
    settings: Settings, ledger: Ledger, name: str, officer: str
) -> tuple[Grant, tuple[str, ...]]:
    """One officer signs a declared grant; the grant, and who has signed it by now."""
    grant = declared(settings, name)
    contract = contract_of(settings.contracts, grant.department)
    wrong = problems(ledger, grant, contract)
    if wrong:
        raise UsageError(f"授权“{name}”不能签署：{'；'.join(wrong)}。")
    sign_warrant(settings, ledger, officer, warrant_of(grant, contract))
    return grant, grant_signers(settings, ledger, grant, contract)


def grant_signers(
    settings: Settings, ledger: Ledger, grant: Grant, contract: Contract
) -> tuple[str, ...]:
    """Officers of today who signed every word since its name was last withdrawn."""
    ends = ledger.newest(WITHDRAWN, _place(grant))
    last = next((event.index for event in ends), -1)
    return signers(settings, ledger, warrant_of(grant, contract), last)


def withdraw_grant(settings: Settings, ledger: Ledger, name: str, officer: str) -> None:
    """One officer ends all that was ever granted by this name, at once: nothing more is
    made, and what is there is not served any more. It takes a changed declaration and two
    signatures to begin again.

    What was published counts, not only what the file says now: a declaration that was
    changed, taken out or broken since is ended too. So are signatures under words that were
    never published: what was signed before counts no more.
    """
    ends = {
        digest: table_key(body["department"], name)
        for digest, body in published_grants(ledger).items()
        if body["table"] == name
    }
    ends |= {item.digest: _place(item) for item in _readable(settings, name)}
    if not ends:
        raise UsageError(f"没有声明过、也没有发布过授权“{name}”。请核对名称。")
    who, _, _ = signed(settings, ledger, officer, canonical({"grants": sorted(ends)}))
    for digest in sorted(ends):
        body = {"grant": digest, "officer": who}
        ledger.append(WITHDRAWN, who, ends[digest], body)


def published_grants(ledger: Ledger) -> dict[str, Json]:
    """A receipt of publication under each grant, by the grant's digest."""
    return {
        event.body["grant"]: event.body
        for event in ledger.events("published")
        if event.body["ok"] and "grant" in event.body
    }


def _readable(settings: Settings, name: str) -> list[Grant]:
    """Declared by this name; none in a file that cannot be read."""
    try:
        return [item for item in read_grants(settings) if item.name == name]
    except ContractError:
        return []


def _place(grant: Grant) -> str:
    return table_key(grant.department, grant.name)


def declared(settings: Settings, name: str) -> Grant:
    """UsageError where no grant is called so."""
    for grant in read_grants(settings):
        if grant.name == name:
            return grant
    raise UsageError(f"grants.yaml 没有声明授权“{name}”。请先写明再签署。")
