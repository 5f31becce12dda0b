"""Contracts, and what is done to one to see it refused: what is replaced, by what, and the complaint."""

from __future__ import annotations

from lake_config.settings import ROOT

FOLDER = ROOT / "lake_config" / "contracts"
SMALL = (ROOT / "tests/lib/contracts/education.yaml").read_text("utf-8")
MEDICAL = (FOLDER / "medical_insurance.yaml").read_text("utf-8")
POLICE = (FOLDER / "public_security.yaml").read_text("utf-8")

# what is damaged: (text, replacement, a word of the message)
DAMAGES = {
    "unknown key at the top": ("tenant: suihua", "tenent: suihua", "tenent"),
    "unknown key deep down": (
        "        classification: 一般",
        "        clasification: 一般",
        "clasification",
    ),
    "unknown custom property": ("property: openType", "property: opentype", "opentype"),
    "unknown semantic type": (
        "semanticType, value: mobile",
        "semanticType, value: phone",
        "semanticType",
    ),
    "unknown share type": ("value: 无条件共享", "value: 部分共享", "shareType"),
    "conditional without condition": (
        "      - property: shareCondition\n        value: 用于基金监管、卫生统计，须经数源部门审核\n",
        "",
        "shareCondition",
    ),
    "unconditional with personal data": (
        "value: 有条件共享",
        "value: 无条件共享",
        "无条件共享",
    ),
    "dangling reference": (
        "to: institutions.institution_code",
        "to: institutions.code",
        "institutions.code",
    ),
    "rule about a missing column": (
        "columns: [admitted_at, discharged_at]",
        "columns: [admitted_at, left_at]",
        "left_at",
    ),
    "missing severity": ("        severity: stop\n", "", "severity"),
    "column graded above its table": (
        "      - property: classification\n        value: 重要",
        "      - property: classification\n        value: 一般",
        "就高",
    ),
    "birth date as text": (
        "      - name: birth_date\n        businessName: 出生日期\n        logicalType: date",
        "      - name: birth_date\n        businessName: 出生日期\n        logicalType: string",
        "无法按策略概括",
    ),
    "no retention": (
        "  - property: retention\n",
        "  - property: retained\n",
        "retention",
    ),
    "password in the contract": (
        "property: secret\n        value: medical_insurance_reader",
        "property: secret\n        value: S3cret!pass",
        "secret",
    ),
    "duplicate key": (
        "kind: DataContract",
        "kind: DataContract\nkind: DataContract",
        "重复",
    ),
    "unsafe name": ("  - name: settlements", "  - name: ../settlements", "名称"),
    "undeclared server": (
        "property: server\n        value: front_end",
        "property: server\n        value: back_end",
        "back_end",
    ),
    "broken pattern": ('pattern: "P[0-9]{12}"', 'pattern: "P[0-9{12}"', "pattern"),
    "no YAML": ("servers:", "servers: [", "YAML"),
    "too short a code": ("0001/000001", "0001/1", "resourceCode"),
    "no band": ("          rowsDown: 0.02\n", "", "band"),
    "a list where a text belongs": ("value: 日", "value: [日]", "updateCycle"),
    "property twice": (
        "property: shareMode",
        "property: openType",
        "重复",
    ),
    "latency in days": ("value: 72\n    unit: h", "value: 3\n    unit: d", "latency"),
    "order of three columns": (
        "columns: [admitted_at, discharged_at]",
        "columns: [admitted_at, discharged_at, admitted_at]",
        "order",
    ),
    "member without a role": (
        "medical_insurance.owner\n      role: owner",
        "medical_insurance.owner",
        "role",
    ),
    "schedule that is none": ('"0 1 * * *"', "daily", "cron"),
    "statistic by people": (
        "by: [settled_on, county_code]",
        "by: [settled_on, identity_number]",
        "不能按 identity_number",
    ),
    "statistic by a missing column": (
        "by: [settled_on, county_code]",
        "by: [settled_on, county]",
        "不能按 county",
    ),
    "statistic by an open text": (
        "by: [settled_on, county_code]",
        "by: [settled_on, institution_code]",
        "不能按 institution_code",
    ),
    "statistic by nothing": ("by: [settled_on, county_code]", "by: []", "by"),
    "statistic by one column twice": (
        "by: [settled_on, county_code]",
        "by: [settled_on, settled_on]",
        "不同的列",
    ),
    "statistic of another measure": ("measure: persons", "measure: average", "measure"),
    "sum of no column": ("            of: total_amount\n", "", "of"),
    "sum of what is no amount": ("of: total_amount", "of: drug", "amount"),
    "column to sum where nothing is summed": (
        "measure: persons",
        "measure: persons\n            of: total_amount",
        "of",
    ),
    "statistic named as a table": (
        "name: patients_by_month",
        "name: institutions",
        "重名",
    ),
    "two statistics of one name": (
        "name: patients_by_month",
        "name: settlements_by_month",
        "重名",
    ),
    "unknown key of a statistic": (
        "measure: persons",
        "measure: persons\n            where: all",
        "where",
    ),
}

MISSING = "left out"
FIVE_MISTAKES = (
    "unknown key at the top",
    "unknown semantic type",
    "dangling reference",
    "rule about a missing column",
    "broken pattern",
)
