"""Every key a contract may have: kind, need, allowed values, meaning, law.

Declared once: files are checked against it, and docs/reference/contract_keys.md is
generated from it. Law ids are those of law.md. The keys of a table are in
`contract_table_keys.py`; facts that take more than one object to judge, in
`contract_checks.py`.
"""

from __future__ import annotations

from datetime import date

from lake_config.contract import ENVIRONMENTS, NETWORK_ZONES, ORIGINS, TRANSPORT_OF
from lake_config.contract_shape import (
    NAME,
    OWN,
    Key,
    Level,
    When,
    name,
    one_of,
    text,
)
from lake_config.contract_table_keys import TABLE

DATABASE = When("type", ("postgresql", "mysql", "oracle"))
FILES = When("type", ("local",))
REST = When("type", ("api",))
RETURNED = When("origin", ("provincial", "national"))
NO_SECRET = "只写密钥的名字，口令本身绝不能写进契约。"  # noqa: S105 (a message)
AUTHORISED = "返还数据必须写明授权文号和到期日。"

DATED = "`{date}` in it: one for each delivery date (ISO)"

SERVER = Level(
    "server",
    {
        "server": name("name by which tables call it"),
        "type": one_of("what answers there; decides the reader", TRANSPORT_OF),
        "environment": one_of(
            "`dev` holds in the small profile, `prod` in production; both must be there",
            ENVIRONMENTS,
        ),
        "description": text("for people"),
        "host": text("address of the database", DATABASE),
        "port": Key(int, "port of the database", DATABASE),
        "database": text(f"name of the database; {DATED}", DATABASE),
        "schema": text(f"schema inside the database (PostgreSQL); {DATED}"),
        "path": text("drop folder; below `LAKE_HOME` unless absolute", FILES),
        "format": text("`mixed`: each table says its own", FILES),
        "encoding": text("of text files, such as GB18030; UTF-8 when left out"),
        "location": text(f"address of the REST service; {DATED}", REST),
        "customProperties": OWN,
    },
    {
        "networkZone": one_of("network the data comes from", NETWORK_ZONES, law="L59"),
        "user": text("user name the lake logs in with"),
        "secret": Key(
            str,
            "name of the secret file in `LAKE_HOME/secrets`, never the password",
            form=NAME,
            advice=NO_SECRET,
        ),
        "pageSize": Key(int, "rows per page of a REST service; 1000 when left out"),
        "manifest": text("name of a drop's manifest; `manifest.json` when left out"),
    },
)
SLA = Level(
    "slaProperties",
    {
        "property": text(
            "each table needs `frequency`, `latency` and `retention`", True, "L04, L52"
        ),
        "value": Key(float, "a number above 0", True),
        "unit": text("`h` for latency, `d` for retention; also `month`, `year`", True),
        "element": text("the table", True),
    },
)
MEMBER = Level(
    "members",
    {
        "username": text("account", needed=True),
        "name": text("for people"),
        "role": text("`owner` and `steward` must both be there", True, "L28"),
    },
)
TEAM = Level(
    "team",
    {
        "name": text("the department's Chinese name", needed=True),
        "description": text("for people"),
        "members": Key([MEMBER], "who answers for the data", True, law="L28"),
    },
)
ROLE = Level(
    "role",
    {
        "role": text("who may apply", needed=True),
        "description": text("for people"),
        "access": text("what the role may do: `read`"),
        "firstLevelApprovers": text("who checks an application", True),
        "secondLevelApprovers": text("who may veto it"),
    },
)
SUPPORT = Level(
    "support",
    {
        "channel": text("contact for tickets; the first one counts", needed=True),
        "tool": text("how to reach it"),
        "scope": text("what for"),
        "description": text("for people"),
    },
)
CONTRACT = Level(
    "contract",
    {
        "apiVersion": one_of("version of ODCS", ("v3.2.0",)),
        "kind": one_of("what this file is", ("DataContract",)),
        "id": text("identifier, such as `suihua-transport`", needed=True),
        "name": name("the department's code, in every path and command"),
        "version": text("version of this contract", needed=True),
        "status": text("ODCS's word, such as `active`", needed=True),
        "domain": text("subject"),
        "tenant": text("the city"),
        "description": Key(
            Level(
                "description",
                {
                    "purpose": text("what the data is for"),
                    "limitations": text("what it must not be used for"),
                    "usage": text("how it is read"),
                },
            ),
            "for people",
            True,
        ),
        "servers": Key([SERVER], "where the data is handed over", True),
        "slaProperties": Key([SLA], "how often, how soon, kept how long", True),
        "team": Key(TEAM, "the department and its people", True, law="L03"),
        "roles": Key([ROLE], "who may apply, and who decides", True),
        "support": Key([SUPPORT], "whom to ask", True),
        "customProperties": OWN,
        "schema": Key([TABLE], "the tables", True),
    },
    {
        "sourceDepartment": text("数源部门, in Chinese", True, "L06"),
        "schedule": Key(
            str,
            "cron expression, Asia/Shanghai",
            needed=True,
            form=r"\S+( \S+){4}",
            advice="应为五段的 cron 表达式。",
        ),
        "origin": one_of("`own` data, or returned from a higher level", ORIGINS, "L30"),
        "authorisation": Key(
            str, "number of the document", RETURNED, advice=AUTHORISED, law="L30"
        ),
        "authorisationExpires": Key(
            date,
            "last day on which data may be collected",
            RETURNED,
            advice=AUTHORISED,
            law="L30",
        ),
    },
)
