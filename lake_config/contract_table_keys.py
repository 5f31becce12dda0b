"""Every key a contract's tables, columns and quality rules may have.

The part of `contract_keys.py` that describes data; the same declarations.
"""

from __future__ import annotations

from lake_config.contract import (
    CHANGE_FEED,
    CLASSIFICATIONS,
    CONTROL_DEPTHS,
    FILE_FORMATS,
    INCREMENTAL,
    LOADS,
    LOGICAL_TYPES,
    RULE_KINDS,
    SEMANTIC_TYPES,
    SEVERITIES,
    SHARE_TYPES,
)
from lake_config.contract_shape import NAME, OWN, Key, Level, When, name, one_of, text
from lake_config.contract_statistics import MEASURES, SUM

NOT_PERSONAL = "确非个人信息请写 not_personal。"

IMPLEMENTATION = Level(
    "implementation",
    {
        "rule": one_of(
            "`order`: the first column is not after the second; "
            "`sum`: the first column is the sum of the others",
            RULE_KINDS,
        ),
        "columns": Key([str], "the columns, in the order the rule needs", True),
        "tolerance": Key(float, "how far a sum may be off; 0 when left out"),
    },
)
QUALITY = Level(
    "quality",
    {
        "name": text("`<rule>.<subject>`, as receipts show it", needed=True),
        "description": text("for people"),
        "type": text("ODCS's word for a rule of our own: `custom`"),
        "engine": text("who runs it: `lake`"),
        "severity": one_of(
            "`stop` sends the row to quarantine, `warn` only counts it", SEVERITIES
        ),
        "dimension": text("ODCS's word, such as `consistency`"),
        "implementation": Key(IMPLEMENTATION, "the rule itself", True, law="L40"),
    },
)
_EACH_ONCE = r"(?!.*(yyyy|MM|dd|HH|mm|ss).*\1)"
_DAY, _TIME = "(?=.*yyyy)(?=.*MM)(?=.*dd)", "(?=.*HH)(?=.*mm)(?=.*ss)"
LAYOUT = (
    rf"{_EACH_ONCE}{_DAY}(?:{_TIME}|(?!.*(?:HH|mm|ss)))"
    r"(?:yyyy|MM|dd|HH|mm|ss|'[^']'|[^A-Za-z'\[\]{}#\n])*"
)
"""Fields that always stand in one place, so that a text can be read without guessing."""

OPTIONS = Level(
    "logicalTypeOptions",
    {
        "maxLength": Key(int, "longest text, in characters"),
        "pattern": text("regular expression the whole text must match"),
        "format": Key(
            str,
            "layout of dates and times in text, such as `yyyy-MM-dd`",
            form=LAYOUT,
            advice="只能由 yyyy、MM、dd（以及 HH、mm、ss）各一次和单个分隔符组成。",
        ),
        "minimum": Key(object, "smallest allowed value"),
        "maximum": Key(object, "largest allowed value"),
    },
)
CODE = Level(
    "enum",
    {
        "value": text("the code", needed=True),
        "label": text("what it stands for"),
        "description": text("for people"),
    },
)
RELATIONSHIP = Level(
    "relationship",
    {
        "type": text("ODCS's word: `foreignKey`"),
        "to": text("`table.column` of the same department", needed=True),
    },
)
COLUMN = Level(
    "column",
    {
        "name": name("as the source calls it"),
        "businessName": text("Chinese name", True, "L02"),
        "description": text("for people"),
        "logicalType": one_of("type after parsing", LOGICAL_TYPES, law="L02"),
        "physicalType": text("type at the source; `text` in files and REST", True),
        "logicalTypeOptions": Key(OPTIONS, "what values may look like"),
        "classification": one_of(
            "level of the column, never above its table's", CLASSIFICATIONS, law="L09"
        ),
        "primaryKey": Key(bool, "part of the key that tells rows apart"),
        "primaryKeyPosition": Key(int, "place in the key, from 1; for people"),
        "required": Key(bool, "no row without a value"),
        "unique": Key(bool, "no value twice"),
        "enum": Key([CODE], "the only allowed values"),
        "relationships": Key([RELATIONSHIP], "values must exist in another table"),
        "customProperties": OWN,
    },
    {
        "semanticType": Key(
            str,
            "what the column says about a person; decides the masking",
            needed=True,
            words=tuple(SEMANTIC_TYPES),
            advice=NOT_PERSONAL,
            law="L50",
        ),
    },
)
BAND = Level(
    "band",
    {
        "rowsDown": Key(float, "share of rows that may be missing", True),
        "rowsUp": Key(float, "share of rows that may be added", True),
        "quarantined": Key(float, "share of rows that may be held back", True),
        "minimumRows": Key(int, "fewer rows are never accepted", True),
    },
)
CHANGES = When("kind", (INCREMENTAL, CHANGE_FEED))
BY_COLUMN = When("kind", (INCREMENTAL,))
LOAD = Level(
    "load",
    {
        "kind": one_of(
            "`full`: the whole table; `incremental`: rows that changed of late, by a column; "
            "`change_feed`: files of changes with sequence numbers",
            LOADS,
        ),
        "changeColumn": text(
            "date, time or number that rises whenever a row changes", BY_COLUMN
        ),
        "lateness": Key(
            int,
            "how far before the newest row known rows are read again: days, or so much of a "
            "number",
            BY_COLUMN,
        ),
        "reconcileEvery": Key(
            int, "every so many loads the whole table is compared or delivered", CHANGES
        ),
    },
)
STATISTIC = Level(
    "statistics",
    {
        "name": name("name of the published table, unique in the contract"),
        "businessName": text("Chinese name", True),
        "by": Key(
            [str],
            "columns to count by, one to four: dates (by month), places, sex, codes",
            True,
        ),
        "measure": one_of(
            "`rows`, different `persons`, or the `sum` of amounts", MEASURES
        ),
        "of": text("the column of amounts to sum", When("measure", (SUM,))),
    },
)
TABLE_PROPERTIES = {
    "server": text("the server that hands it over", needed=True),
    "path": text("path in the REST service, from `/`; REST must say it"),
    "file": Key(
        str,
        "name of the file; files must say it, others must not",
        form=rf"{NAME}\.({'|'.join(FILE_FORMATS)})",
        advice=f"应为小写名加扩展名：{'、'.join(FILE_FORMATS)}。",
    ),
    "format": one_of(
        "as the file's ending; goes with `file`", FILE_FORMATS, "L03", False
    ),
    "resourceCode": Key(
        str,
        "code in the catalogue",
        needed=True,
        form="[0-9]{6,16}/[0-9]{6}",
        advice="应为“类目码/6 位顺序号”。",
        law="L02",
    ),
    "sourceDepartment": text("when another than the contract's", law="L06"),
    "shareType": one_of(
        "无条件共享 is refused where a column is personal; 不予共享 is collected and judged, "
        "and never published",
        SHARE_TYPES,
        law="L01",
    ),
    "shareCondition": text(
        "what an applicant must fulfil", When("shareType", ("有条件共享",)), law="L01"
    ),
    "legalBasis": text("why not shared", When("shareType", ("不予共享",)), law="L01"),
    "shareMode": text("how it is shared, such as 库表", True, "L02"),
    "openType": text("whether it is open to the public", True, "L02"),
    "classification": one_of("level of the table", CLASSIFICATIONS, law="L09"),
    "updateCycle": text("how often it is delivered, such as 日", True, "L02, L04"),
    "controlDepth": one_of("what is compared with the source", CONTROL_DEPTHS),
    "recordNumber": text(
        "a column without personal data that names held-back rows to engineers"
    ),
    "minors": Key(
        bool,
        "persons under 14 occur; else a batch with one is not published",
        law="L56",
    ),
    "statistics": Key(
        [STATISTIC],
        "standing statistics, published as tables of their own that every analyst reads",
    ),
    "load": Key(LOAD, "how the table is handed over; whole when left out"),
    "band": Key(BAND, "how far a batch may differ from the last published one", True),
}
TABLE = Level(
    "table",
    {
        "name": name("as the source calls it"),
        "businessName": text("Chinese name, unique in the contract", True, "L02, L03"),
        "logicalType": text("ODCS's word for a table: `object`"),
        "physicalType": text("at the source: `table`, `file` or `resource`"),
        "description": text("what it holds", True, "L02, L03"),
        "customProperties": OWN,
        "quality": Key([QUALITY], "rules beyond those the columns imply", law="L40"),
        "properties": Key([COLUMN], "the columns, in the source's order", True),
    },
    TABLE_PROPERTIES,
)
