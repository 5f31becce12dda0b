"""Sentences of cases about invented people, labelled: what no corpus of the repository has.

Names and addresses are those of simulation/; the sentences are the kind that an incident
report or a hotline call has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from privacy.names.corpus import Sentence
from privacy.names.span import ORGANISATION, PERSON, PLACE, Span
from simulation.people import People, people_of

SENTENCES = (
    "报警人{name}称其位于{address}的住宅内财物被盗，民警到场后开展调查。",
    "患者{name}，男，因高血压入院，现住{address}，由家属{name}陪同办理手续。",
    "来电人反映{address}附近路灯损坏三天无人维修，联系人：{name}，要求尽快处理。",
    "经核实，{name}与{name}因邻里纠纷在{address}发生争执，经调解双方和解。",
    "申请人{name}家庭人口三人，户籍地：{address}，收入低于标准，建议纳入低保。",
    "{name}驾驶机动车行驶至{address}路口时，与{name}驾驶的电动车相撞。",
    "当天下午，工作人员入户走访了{name}，其母{name}长期卧床，需要护理补贴。",
    "参保人员{name}于三月在{org}住院，报销材料由{name}代为提交。",
    "投诉人称{org}拖欠工资两个月，负责人{name}一直没有答复。",
    "姓名：{name} 性别：女 住址：{address} 事由：补办证件",
)
ORGANISATIONS = (
    "绥化市第一医院",
    "北林区人民医院",
    "黑龙江宏远建筑有限公司",
    "肇东市中心小学",
)
KINDS = {"name": PERSON, "address": PLACE, "org": ORGANISATION}
SHORT = {PERSON: "PER", PLACE: "LOC", ORGANISATION: "ORG"}
_SLOT = re.compile("{(name|address|org)}")


class Case(NamedTuple):
    """One text, and who and where it is about."""

    sentence: Sentence
    people: tuple[tuple[str, str], ...]


def cases(number: int, seed: int) -> Iterator[Case]:
    """So many cases, each about people of its own."""
    people = people_of(seed, 0, 3 * number)
    rng = np.random.default_rng([seed, 5])
    for at in range(number):
        template = SENTENCES[int(rng.integers(len(SENTENCES)))]
        org = ORGANISATIONS[int(rng.integers(len(ORGANISATIONS)))]
        yield _case(template, people, 3 * at, org)


def _case(template: str, people: People, first: int, org: str) -> Case:
    text, spans, values, person, place = "", [], [], first, 0
    for slot in _SLOT.finditer(template):
        text += template[place : slot.start()]
        kind = KINDS[slot[1]]
        value = org if kind == ORGANISATION else str(getattr(people, slot[1])[person])
        if kind == PERSON:
            values.append(("person_name", value))
            person += 1
        elif kind == PLACE:
            values.append(("address", value))
        spans.append(Span(len(text), len(text) + len(value), kind))
        text += value
        place = slot.end()
    return Case(Sentence(text + template[place:], spans), tuple(values))


def write_iob2(path: Path, sentences: list[Sentence]) -> None:
    """One character a line, as people label by hand."""
    path.write_text("\n".join(_lines(sentence) for sentence in sentences), "utf-8")


def _lines(sentence: Sentence) -> str:
    labels = ["O"] * len(sentence.text)
    for span in sentence.spans:
        name = SHORT[span.kind]
        inner = [f"I-{name}"] * (span.end - span.start - 1)
        labels[span.start : span.end] = [f"B-{name}", *inner]
    pairs = zip(sentence.text, labels, strict=True)
    return "".join(f"{sign}\t{label}\n" for sign, label in pairs)
