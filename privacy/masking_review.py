"""The masking of one table as a security officer reviews it: facts, decisions, proof.

Made from the contract, the policy and receipts alone; opens no table and shows no value that
is anybody's. What is signed is in review.py; this is what one reads before signing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from html import escape
from typing import Any

from lake_config.contract import (
    PERSONAL_GENERAL,
    PERSONAL_NONE,
    PERSONAL_SENSITIVE,
    Column,
    Table,
)
from privacy.classification.classes import TITLES
from privacy.html_page import grid, head
from privacy.look_alikes import after, before
from privacy.options import OPTIONS
from privacy.policy import PURPOSES, STATISTICS, TOKEN, treatment
from privacy.risk.events import GONE, SAME, changes_with
from privacy.risk.report import HOW, TOKENS, verdict
from privacy.strength import AMOUNTS, Treatment

Body = Mapping[str, Any]

KINDS = {
    "keep": "原样",
    "token": "假名",
    "display": "星号展示",
    "format": "换成同形号码",
    "shift": "日期平移",
    "masked_text": "遮盖后的文字",
    "drop": "不提供",
    "withhold": "暂不提供",
}
WAYS = HOW | {
    "diagnosis_chapter": "疾病章（ICD-10）",
    **{f"at_most_{most}": f"至多 {most:,}（更大的合并）" for most in AMOUNTS},
}
PERSONAL = {
    PERSONAL_NONE: "非个人信息",
    PERSONAL_GENERAL: "个人信息",
    PERSONAL_SENSITIVE: "敏感个人信息",
}
WHOLE_TABLE = "*"
HEADS = ("列", "是什么", "处理决定", "最近一版实际", "虚构示例：前 → 后", "确认")
KEY_HEADS = ("密钥的类别", "范围", "算法", "版本", "状态")
NOTHING_YET = "还没有脱敏过的批次：以下只有契约和策略的决定。"
EXAMPLES = "示例都是虚构的，不可能属于任何人；假名用示例密钥生成，与实际的假名不同。"


@dataclass(frozen=True, slots=True)
class Word:
    """Somebody's signed word: who, when (city time, to the minute), about what."""

    officer: str
    time: str
    about: str = ""


@dataclass(frozen=True, slots=True)
class KeyLine:
    """One key that the masking used: by its id alone."""

    key_class: str
    scope: str
    algorithm: str
    version: int
    state: str


@dataclass(frozen=True, slots=True)
class Found:
    """What the ledger says. `masked`: the receipt behind the version people read, or where
    nothing was published of the latest masking; `published`: version and time, or none.

    `confirmed`: per column (`*` is the table) who confirmed a finding. `missing`: signatures
    that the contract still needs.
    """

    contract: str
    policy: str
    signed: tuple[Word, ...] = ()
    missing: str = ""
    confirmed: Mapping[str, tuple[Word, ...]] = field(default_factory=dict)
    batch: str = ""
    masked: Body | None = None
    published: Word | None = None
    keys: tuple[KeyLine, ...] = ()


def word_of(treated: Treatment) -> str:
    if treated.kind == "generalise":
        return f"概括到{WAYS[treated.how]}"
    return KINDS[treated.kind]


def decisions(semantic_type: str) -> str:
    """Per purpose, those that are alike told once; and what may be approved instead."""
    by_word: dict[str, list[str]] = {}
    for purpose, name in PURPOSES.items():
        told = word_of(treatment(semantic_type, purpose))
        by_word.setdefault(told, []).append(name)
    if len(by_word) == 1:
        lines = [f"{next(iter(by_word))}（各用途）"]
    else:
        lines = [f"{'、'.join(names)}：{told}" for told, names in by_word.items()]
    options = OPTIONS.get(semantic_type, {})
    if options:
        words = (word_of(item) for item in options.values())
        lines.append(f"经批准可：{'、'.join(dict.fromkeys(words))}")
    return "；".join(lines)


def fact(column: Column) -> str:
    kind, personal = TITLES[column.semantic_type], PERSONAL[column.personal]
    told = dict.fromkeys((kind, column.classification, personal))
    return f"{column.business_name}：{'，'.join(told)}"


def really(table: Table, column: Column, masked: Body | None) -> str:
    """What the risk gate left of the decision in the receipt's version."""
    if masked is None or not masked["ok"]:
        return "—"
    if column.name not in masked["columns"]:
        return "未发布"
    risk = masked["risk"] or {}
    level = risk.get("levels", {}).get(column.name)
    if level is not None and level != risk["first"][column.name]:
        return (
            "因人数少，整列留空"
            if level == "dropped"
            else f"因人数少，概括到{HOW[level]}"
        )
    spread = risk.get("diversity", {}).get(column.name)
    if spread and spread["dropped"]:
        return "因取值单一，整列留空"
    if spread and spread["untold_rows"]:
        return f"因取值单一，{spread['untold_rows']:,} 行留空"
    changed = changes_with(risk.get("tokens", SAME), column, table.primary_key)
    if changed and treatment(column.semantic_type, STATISTICS) == TOKEN:
        return TOKENS[risk["tokens"]]
    return "按决定"


def example(table: Table, column: Column, masked: Body | None) -> str:
    """For the table of the city's analysts; as its last version tells it, where there is
    one."""
    risk = (masked["risk"] or {}) if masked and masked["ok"] else {}
    treated = treatment(column.semantic_type, STATISTICS)
    level = risk.get("levels", {}).get(column.name, "")
    told = "" if _is_blank(table, column, risk) else after(column, treated, level)
    none = "（留空）" if treated.published else "（不提供）"
    return f"{before(column)} → {told or none}"


def _is_blank(table: Table, column: Column, risk: Body) -> bool:
    """Is the whole column left blank for what it would tell?"""
    token = treatment(column.semantic_type, STATISTICS) == TOKEN
    if token and risk.get("tokens") == GONE:
        return changes_with(GONE, column, table.primary_key)
    return bool(risk.get("diversity", {}).get(column.name, {}).get("dropped"))


def rows(table: Table, found: Found) -> list[tuple[str, ...]]:
    """One line per column, under HEADS."""
    return [
        (
            column.name,
            fact(column),
            decisions(column.semantic_type),
            really(table, column, found.masked),
            example(table, column, found.masked),
            _words(found.confirmed.get(column.name, ())) or _with_contract(found),
        )
        for column in table.columns
    ]


def _with_contract(found: Found) -> str:
    return "随契约签署" if found.signed else "尚未签署"


def _words(words: tuple[Word, ...]) -> str:
    return "；".join(
        f"{word.officer} {word.time}"
        + (f" 确认虽像“{word.about}”仍可" if word.about else "")
        for word in words
    )


def summary(table: Table, found: Found) -> Iterator[str]:
    """Who answers for it, what was published, how sure it is; one sentence a line."""
    versions = f"契约 {found.contract[:12]}，脱敏策略 {found.policy}"
    yield f"{versions}，共享类型：{table.share_type}。"
    signed = _words(found.signed)
    yield f"签署：{signed}。" if signed else "签署：这份契约在现行策略下尚无人签署。"
    if found.missing:
        yield f"注意：{found.missing}"
    whole = _words(found.confirmed.get(WHOLE_TABLE, ()))
    if whole:
        yield f"整张表的确认：{whole}。"
    if found.masked is None:
        yield NOTHING_YET
        return
    masked, published = found.masked, found.published
    if published is None:
        left = f"{masked['rows']:,} 行" if masked["ok"] else "没有通过，没有留下内容"
        yield f"尚未发布；最近一次脱敏：{found.batch}，{left}。"
    else:
        yield (
            f"最近发布：{found.batch}，第 {published.about} 版，{published.time}，"
            f"{masked['rows']:,} 行。"
        )
    if masked["policy"] != found.policy or masked["contract"] != found.contract:
        yield "注意：这一版是按以前的契约或策略做的，下一批起才按上面的决定。"
    yield from _risk(table, masked["risk"] or {})
    yield _scan(masked["leak_scan"])


def _risk(table: Table, risk: Body) -> Iterator[str]:
    if not risk.get("after"):
        yield "同组人数：这张表没有关于个人的列，不需要评估。"
        return
    if risk["refused"]:
        yield verdict(risk)
        return
    yield (
        f"同组人数（k）：最少 {risk['after']['k']} 人，要求 {risk['at_least']} 人；"
        f"概括 {risk['steps']} 步，抑制 {risk['left_out']:,} 行。"
    )
    for name, one in risk["diversity"].items():
        title = table.column(name).business_name
        blank = "整列留空" if one["dropped"] else f"{one['untold_rows']:,} 行留空"
        yield (
            f"敏感列“{title}”：同组内最少 {one['l']} 种取值（l），要求 {one['needed']} 种；"
            f"{blank}。"
        )


def _scan(scan: Body | None) -> str:
    if not scan:
        return "泄露扫描：回执中没有记录。"
    if not scan["cells"]:
        return "泄露扫描：没有写出内容，没有可看的格。"
    passed = "通过" if scan["ok"] else "没有通过"
    return f"泄露扫描：看了 {scan['cells']:,} 格，发现 {scan['hits']:,} 处，{passed}。"


def key_rows(found: Found) -> list[tuple[str, ...]]:
    """Under KEY_HEADS."""
    return [
        (
            TITLES.get(key.key_class, key.key_class),
            key.scope,
            key.algorithm.upper(),
            f"第 {key.version} 版",
            key.state,
        )
        for key in found.keys
    ]


def page(table: Table, found: Found) -> str:
    """The same as one HTML file."""
    title = f"脱敏审阅：{table.business_name}（{table.name}）"
    told = "".join(f"<li>{escape(line)}</li>" for line in summary(table, found))
    parts = [
        f"<h1>{escape(title)}</h1><ul>{told}</ul>",
        grid("各列", HEADS, rows(table, found)),
        f"<p>{EXAMPLES}</p>",
    ]
    if found.keys:
        parts.append(grid("用到的密钥（只有标识）", KEY_HEADS, key_rows(found)))
    return head(title, "80rem") + "\n".join(parts) + "\n"
