"""What the risk gate found of one batch, for officers: lines for a terminal, and a page.

Made from the receipt alone, so that who reads it needs no row. Words are those people use:
同组人数 is k, 被认出的概率 is prosecutor risk.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from lake_config.contract import Table
from privacy.html_page import grid, head
from privacy.risk.measure import MOST_NAMED, SIZES
from privacy.risk.rules import SUPPRESSED_AT_MOST

Body = Mapping[str, Any]

HOW = {
    "keep": "原样",
    "township": "乡镇、街道",
    "county": "县（市、区）",
    "grid": "两公里网格",
    "age": "周岁（90 以上合并）",
    "age_band": "五岁一段",
    "age_decade": "十岁一段",
    "day": "日",
    "month": "月",
    "quarter": "季度",
    "year": "年",
    "birth_year": "出生年",
    "birth_band": "五年一段",
    "birth_decade": "十年一段",
    "dropped": "不提供",
}
TOKENS = {
    "same": "同一个人在全表用同一个假名",
    "month": "假名按月（或所示的更长时段）更换，不同时段的记录不能串成一个人的经历",
    "gone": "不提供个人假名，只留每行自己的编号",
}
TIGHTEST = 8
BEFORE, AFTER = "#c05621", "#2b6cb0"
NOT_ANONYMOUS = (
    "这是去标识化，不是匿名化：假名仍指向个人；知道得更多的人（例如知道确切金额）"
    "仍可能认出某一行。"
)


def verdict(body: Body) -> str:
    """One sentence."""
    least, after = body["at_least"], body["after"]
    if body["refused"]:
        share = body["left_out"] / body["reached"]["rows"]
        return (
            f"拒绝发布：概括 {body['steps']} 步之后，仍有 {share:.1%} 的行"
            f"不足 {least} 人同组，超过允许抑制的 {SUPPRESSED_AT_MOST:.0%}。"
        )
    return (
        f"可以发布：每一行至少与 {after['k']} 人同组（要求 {least}），"
        f"概括 {body['steps']} 步，抑制 {body['left_out']} 行"
        f"（{_share(body['left_out'], body['reached']['rows'])}）。"
    )


def _share(part: int, whole: int) -> str:
    return f"{part / whole:.2%}" if whole else "0%"


def figures(body: Body) -> list[tuple[str, str, str]]:
    """What, as the policy alone would tell it, as it is told."""
    before, after = body["before"], body["after"]
    shown = "—" if body["refused"] else None
    lines = [
        ("行数", f"{before['rows']:,}", f"{after['rows']:,}"),
        ("组数", f"{before['groups']:,}", f"{after['groups']:,}"),
        ("最小同组人数（k）", f"{before['k']:,}", f"{after['k']:,}"),
        ("独自一组的行", f"{before['alone']:.2%}", f"{after['alone']:.2%}"),
        (
            "平均被认出的概率",
            f"{before['average_risk']:.2%}",
            f"{after['average_risk']:.2%}",
        ),
        (
            "最大被认出的概率",
            f"{before['largest_risk']:.2%}",
            f"{after['largest_risk']:.2%}",
        ),
    ]
    return [(name, one, shown or other) for name, one, other in lines]


def columns(table: Table, body: Body) -> list[tuple[str, str, str]]:
    """Chinese name of each quasi-identifier, how the policy tells it, how it is told."""
    return [
        (table.column(name).business_name, HOW[first], HOW[body["levels"][name]])
        for name, first in body["first"].items()
    ]


def sensitive(table: Table, body: Body) -> list[tuple[str, str, str, str]]:
    """Chinese name, l, largest share of one value in a group, what was left blank."""
    found = []
    for name, one in body["diversity"].items():
        blank = f"{one['untold_rows']:,} 行留空" if one["untold_rows"] else "无"
        told = "整列不提供" if one["dropped"] else blank
        share = f"{one['largest_share']:.0%}"
        found.append((table.column(name).business_name, f"{one['l']}", share, told))
    return found


def tightest(table: Table, body: Body) -> list[tuple[str, str]]:
    """The combinations of up to three columns with the fewest people, and how many."""
    ordered = sorted(body["subsets"].items(), key=lambda item: item[1])
    return [(_named(table, names), _people(k)) for names, k in ordered[:TIGHTEST]]


def _named(table: Table, names: str) -> str:
    return "＋".join(table.column(name).business_name for name in names.split("+"))


def _people(number: int) -> str:
    return f"{number} 人以上" if number >= MOST_NAMED else f"{number} 人"


def events(body: Body) -> list[str]:
    """What is known of two to four events, for each measure that was tried."""
    lines = [
        f"{TOKENS[measure]}：知道某人 {known} 次记录，{share:.1%} 可被认出（抽看 {number} 人）"
        for measure, found in body["events"].items()
        for known, (number, share) in found.items()
    ]
    return [*lines, f"采用：{TOKENS[body['tokens']]}。"]


def against_before(body: Body, difference: Body | None) -> str:
    """What the receipt of the publication says of the version before."""
    if not difference:
        return "与上一版的差别：没有可比的上一版。"
    word = "不足" if difference["small"] else "不少于"
    return (
        f"与上一版的差别：新增 {difference['came']} 人、减少 {difference['went']} 人，"
        f"合计{word} {body['at_least']} 人；其中 {difference['exposed']} 人所在的组"
        f"变动不足 {body['at_least']} 人，同时持有两版的人可以看出是谁来、谁走。"
    )


def lines(
    table: Table, batch: str, body: Body, difference: Body | None
) -> Iterator[str]:
    """For a terminal."""
    yield f"重识别风险　{table.business_name}　{batch}"
    yield verdict(body)
    yield ""
    yield "　　　　　　策略原样 → 实际发布"
    yield from (f"  {name}：{one} → {other}" for name, one, other in figures(body))
    yield "准标识列"
    yield from (
        f"  {name}：{one} → {other}" for name, one, other in columns(table, body)
    )
    if body["diversity"]:
        yield "敏感列（同组内不同取值的最少个数 / 单一取值的最大占比 / 留空）"
        yield from ("  " + "　".join(line) for line in sensitive(table, body))
    if body["subsets"]:
        yield "人数最少的列组合（至多三列）"
        yield from (f"  {names}：{people}" for names, people in tightest(table, body))
    yield "记录轨迹"
    yield from (f"  {line}" for line in events(body))
    yield against_before(body, difference)
    yield NOT_ANONYMOUS


def page(table: Table, batch: str, body: Body, difference: Body | None) -> str:
    """The same as one HTML file that needs nothing else, with a chart."""
    heads = ("", "策略原样", "实际发布")
    parts = [
        f"<h1>重识别风险：{escape(table.business_name)}</h1><p>{escape(batch)}</p>",
        f"<p class=verdict>{escape(verdict(body))}</p>",
        chart(body),
        grid("数字", heads, figures(body)),
        grid("准标识列", heads, columns(table, body)),
    ]
    if body["diversity"]:
        names = ("敏感列", "同组内不同取值最少", "单一取值最大占比", "留空")
        parts.append(grid("敏感列", names, sensitive(table, body)))
    if body["subsets"]:
        pair = ("列组合", "最少同组人数")
        parts.append(grid("人数最少的列组合（至多三列）", pair, tightest(table, body)))
    told = "".join(f"<li>{escape(line)}</li>" for line in events(body))
    parts.append(f"<h2>记录轨迹</h2><ul>{told}</ul>")
    parts.append(f"<p>{escape(against_before(body, difference))}</p>")
    parts.append(f"<p>{NOT_ANONYMOUS}</p>")
    return head("重识别风险") + "\n".join(parts) + "\n"


def chart(body: Body) -> str:
    """Rows by how many people share what is told, before and after, as an SVG."""
    last = [f"–{size - 1}" for size in SIZES[2:]]
    ends = ["", *last, " 以上"]
    names = [f"{size}{end}" for size, end in zip(SIZES, ends, strict=True)]
    bars = []
    for series, (key, colour) in enumerate((("before", BEFORE), ("after", AFTER))):
        shares = _shares(body[key]["by_size"])
        for place, share in enumerate(shares):
            x, height = 60 + place * 110 + series * 40, 160 * share
            bars.append(
                f'<rect x="{x}" y="{200 - height:.1f}" width="36" height="{height:.1f}" '
                f'fill="{colour}"/>' + _text(x + 18, 194 - height, f"{share:.0%}")
            )
    under = [_text(98 + place * 110, 220, name) for place, name in enumerate(names)]
    legend = [
        f'<rect x="60" y="6" width="12" height="12" fill="{BEFORE}"/>',
        _text(104, 17, "策略原样"),
        f'<rect x="160" y="6" width="12" height="12" fill="{AFTER}"/>',
        _text(204, 17, "实际发布"),
        _text(310, 244, "同组人数：各档所含的行占比"),
    ]
    axis = '<path d="M50 200h560" stroke="#888" fill="none"/>'
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="640" height="256" role="img">\n'
        + "\n".join([axis, *bars, *under, *legend])
        + "\n</svg>"
    )


def _shares(by_size: list[int]) -> list[float]:
    total = sum(by_size)
    return [rows / total if total else 0.0 for rows in by_size]


def _text(x: float, y: float, words: str) -> str:
    return (
        f'<text x="{x}" y="{y:.1f}" font-family="sans-serif" font-size="13" '
        f'text-anchor="middle">{words}</text>'
    )
