"""What a department says about its data: frozen facts, and the closed words they use.

Read from ODCS 3.2 files by `contract_loader.py`; everything else (reader arguments, quality
rules, masking plan, catalogue page, DAG) is derived from these values.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from lake_config.contract_statistics import Statistic

NOT_SHARED = "不予共享"
SHARE_TYPES = ("无条件共享", "有条件共享", NOT_SHARED)
CLASSIFICATIONS = ("一般", "重要", "核心")
LOGICAL_TYPES = ("string", "integer", "number", "date", "timestamp", "boolean")
TRANSPORT_OF = {
    "postgresql": "jdbc",
    "mysql": "jdbc",
    "oracle": "jdbc",
    "local": "files",
    "api": "rest",
}
"""Server type to transport."""
ENVIRONMENTS = ("dev", "prod")
FILE_FORMATS = ("csv", "xlsx", "jsonl", "parquet")
ORIGINS = ("own", "provincial", "national")
RULE_KINDS = ("order", "sum")
NETWORK_ZONES = ("government", "medical", "police")
CONTROL_DEPTHS = ("rows", "keys", "columns")
SEVERITIES = ("stop", "warn")
FULL, INCREMENTAL, CHANGE_FEED = "full", "incremental", "change_feed"
LOADS = (FULL, INCREMENTAL, CHANGE_FEED)

PERSONAL_SENSITIVE = "sensitive"
PERSONAL_GENERAL = "general"
PERSONAL_NONE = "none"

SEMANTIC_TYPES: dict[str, str] = {
    # direct identifiers
    "identity_number": PERSONAL_SENSITIVE,
    "person_name": PERSONAL_GENERAL,
    "mobile": PERSONAL_GENERAL,
    "landline": PERSONAL_GENERAL,
    "bank_card": PERSONAL_SENSITIVE,
    "social_security_number": PERSONAL_SENSITIVE,
    "medical_insurance_number": PERSONAL_SENSITIVE,
    "licence_number": PERSONAL_GENERAL,
    "passport": PERSONAL_GENERAL,
    "online_account": PERSONAL_GENERAL,
    "plate": PERSONAL_GENERAL,
    "vin": PERSONAL_GENERAL,
    "address": PERSONAL_GENERAL,
    # a key of a person, household, case or vehicle inside one department
    "person_key": PERSONAL_GENERAL,
    "record_key": PERSONAL_GENERAL,
    # about a person
    "birth_date": PERSONAL_GENERAL,
    "age": PERSONAL_GENERAL,
    "sex": PERSONAL_GENERAL,
    "ethnicity": PERSONAL_SENSITIVE,
    "diagnosis_code": PERSONAL_SENSITIVE,
    "diagnosis_text": PERSONAL_SENSITIVE,
    "event_date": PERSONAL_GENERAL,
    "event_time": PERSONAL_GENERAL,
    "movement_place": PERSONAL_SENSITIVE,
    "position": PERSONAL_SENSITIVE,
    "county_code": PERSONAL_GENERAL,
    "amount": PERSONAL_GENERAL,
    "status_code": PERSONAL_GENERAL,
    "sensitive_code": PERSONAL_SENSITIVE,
    "free_text": PERSONAL_SENSITIVE,
    # about no person
    "company_code": PERSONAL_NONE,
    "not_personal": PERSONAL_NONE,
}
"""Closed list: semantic type to personal-information class (law.md L50)."""

RECORD_NUMBERS = ("record_key", "company_code", "not_personal")
"""What may name a held-back row to engineers: numbers that lead to a person only inside
the department's own system. No number that is a person's elsewhere, as an identity number."""


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `landed_type` is the Spark DDL type it has in raw.

    Files and REST land as `string`; database columns are typed. `logical_type` is the type
    after parsing, which the shared table carries.
    """

    name: str
    business_name: str
    logical_type: str
    physical_type: str
    landed_type: str
    semantic_type: str
    classification: str
    primary_key: bool = False
    required: bool = False
    unique: bool = False
    codes: tuple[str, ...] = ()
    pattern: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    max_length: int | None = None
    date_format: str | None = None
    description: str = ""
    option: str = ""
    """What a grant says of it instead of the policy (privacy/grants.py); a contract never
    does."""

    @property
    def personal(self) -> str:
        return SEMANTIC_TYPES[self.semantic_type]


@dataclass(frozen=True, slots=True)
class Reference:
    """Values of `column` must exist in `parent_table`.`parent_column` (same department)."""

    column: str
    parent_table: str
    parent_column: str


@dataclass(frozen=True, slots=True)
class Rule:
    """One quality rule. `name` is `<kind>.<subject>` and is what receipts and truth carry.

    Kinds derived from column facts: required, unique, code, parse, pattern, range, length,
    decodable, check_digit, reference. Kinds a contract adds: order, sum.
    """

    name: str
    kind: str
    columns: tuple[str, ...]
    severity: str
    arguments: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Band:
    """Allowed movement around the last published batch (shares, 0.02 = 2 %)."""

    rows_down: float
    rows_up: float
    quarantined: float
    minimum_rows: int


@dataclass(frozen=True, slots=True)
class Cycle:
    """How often a table is delivered: every `number` of `unit` (d, month, year)."""

    number: int = 1
    unit: str = "d"


@dataclass(frozen=True, slots=True)
class Load:
    """How a table is handed over: whole, as rows changed of late, or as a feed of changes.

    Rows are read from `lateness` days (of a number: so much) before the newest `column`
    already there; every `reconcile_every`-th load answers for the whole table.
    """

    kind: str = FULL
    column: str = ""
    lateness: int = 0
    reconcile_every: int = 1


@dataclass(frozen=True, slots=True)
class Table:
    """One table as its department delivers it.

    `source` says where in the source it lies: a table name, a file name pattern, or a REST
    path. `record_number` names the source's own record number when the contract says that
    it is not personal (shown to engineers for quarantined rows), else None.
    With `minors` the department says that persons under 14 occur.
    """

    name: str
    business_name: str
    description: str
    columns: tuple[Column, ...]
    source: dict[str, str]
    resource_code: str
    source_department: str
    share_type: str
    share_condition: str
    legal_basis: str
    share_mode: str
    open_type: str
    update_cycle: str
    latency_hours: int
    retention_days: int
    classification: str
    control_depth: str
    band: Band
    rules: tuple[Rule, ...] = ()
    references: tuple[Reference, ...] = ()
    record_number: str | None = None
    cycle: Cycle = Cycle()
    load: Load = Load()
    minors: bool = False
    statistics: tuple[Statistic, ...] = ()

    @property
    def primary_key(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.primary_key)

    def column(self, name: str) -> Column:
        return next(column for column in self.columns if column.name == name)


@dataclass(frozen=True, slots=True)
class Server:
    """Where the department hands over its data, for one environment."""

    name: str
    environment: str
    transport: str
    kind: str
    address: dict[str, Any]
    network_zone: str
    encoding: str = "UTF-8"
    user: str = ""
    secret: str = ""

    @property
    def keeps_past(self) -> bool:
        """Can the delivery of an earlier date still be had? Drops have a folder for each."""
        dated = any(DATED in str(value) for value in self.address.values())
        return dated or self.transport == "files"


DATED = "{date}"
"""In an address: the source keeps its state of every delivery date apart."""


def dated_address(address: dict[str, Any], day: date) -> dict[str, Any]:
    """The address as it is for one delivery date."""
    return {
        name: value.replace(DATED, str(day)) if isinstance(value, str) else value
        for name, value in address.items()
    }


@dataclass(frozen=True, slots=True)
class Contract:
    """One department's contract; `digest` is the SM3 of the file's bytes (hex)."""

    department: str
    business_name: str
    version: str
    digest: str
    servers: tuple[Server, ...]
    tables: tuple[Table, ...]
    origin: str
    authorisation: str
    authorisation_expires: str
    schedule: str
    owner: str
    steward: str
    security_contact: str

    def table(self, name: str) -> Table:
        return next(table for table in self.tables if table.name == name)

    def server_for(self, table: Table, environment: str) -> Server:
        """The server that hands over `table` in one environment (dev or prod)."""
        wanted = (table.source["server"], environment)
        return next(
            item for item in self.servers if (item.name, item.environment) == wanted
        )

    def parents_first(self) -> tuple[Table, ...]:
        """Tables so that each comes after the tables it refers to."""
        done: list[Table] = []
        waiting = list(self.tables)
        while waiting:
            names = {table.name for table in done}
            ready = [
                table for table in waiting if _parents(table) <= names | {table.name}
            ]
            done.extend(ready)
            waiting = [table for table in waiting if table not in ready]
        return tuple(done)


def _parents(table: Table) -> set[str]:
    return {reference.parent_table for reference in table.references}
