"""What an alert says: closed lists of kinds, causes and advice, so that no value gets in.

`what` is a kind, for some with a detail (`failed:land`, `breaker_open:front_end`).
Why comes from the class of the error, never from its message.
"""

from __future__ import annotations

from lake_config.errors import GateFailed, LakeError, SchemaChanged, ShortDelivery

TITLES = {
    "failed": "批次失败",
    "late": "数据逾期",
    "short_delivery": "交付数量不足",
    "drift": "源端结构变化",
    "gate_failed": "质量门禁未通过",
    "leak_found": "疑似个人信息泄露",
    "class_unconfirmed": "列类别待确认",
    "many_persons": "涉及人数达到阈值",
    "too_few_people": "同组人数不足",
    "unrecorded_read": "账外读取",
    "store_log_gap": "存储日志缺失",
    "ticket_overdue": "工单逾期",
    "state_differs": "增量与源端不一致",
    "breaker_open": "数据源熔断",
    "breaker_closed": "数据源恢复",
}
"""Kind of alert to its heading; another kind is refused."""

KIND_OF = {
    ShortDelivery.__name__: "short_delivery",
    SchemaChanged.__name__: "drift",
    GateFailed.__name__: "gate_failed",
    "LeakFound": "leak_found",
    "ClassUnconfirmed": "class_unconfirmed",
    "TooFewPeople": "too_few_people",
}
"""Class of the error to the kind of its alert; any other is `failed:<step>`."""

RERUN = "查看任务日志中的中文说明，排除后重新运行同一步骤"
ASK = "与数源部门联系，改正后重新交付，再运行同一步骤"
LOOK_INTO = "审计管理员查明是谁、为何读取；必要时更换该职责的账号口令"
OPERATE = "系统管理员按任务日志中的说明处理，再运行同一步骤"

CAUSES: dict[str, tuple[str, str]] = {
    "": ("进程中止，没有留下原因", RERUN),
    "LakeError": ("未分类的错误", RERUN),
    "UsageError": ("命令或参数不对", RERUN),
    "ContractError": ("契约有误", "用 ./lake contracts check 查看全部问题，改正契约"),
    "SettingsError": ("部署设置或口令文件有误", OPERATE),
    "ComponentMissing": ("缺少程序或组件", OPERATE),
    "SourceUnavailable": (
        "数据源没有应答、中途断开，或尚未交付",
        "与数源部门确认服务、网络和交付情况，再运行同一步骤",
    ),
    "SourceRefusedLogin": ("数据源拒绝登录", "核对 secrets 中的口令文件和对方的授权"),
    "SourcePaused": (
        "数据源连续多次没有正常应答，暂停访问中",
        "与数源部门确认服务和网络；到时会自动试探",
    ),
    "PastStateGone": (
        "数据源只有当前状态，过去日期的数据已不存在",
        "不补这一天；由下一次交付更新，做法见 docs/how-to/backfill.md",
    ),
    "SourceAuthorisationLapsed": ("数据返还授权已到期", "办理续期后更新契约"),
    "EmptyDelivery": ("源端一行都没有", ASK),
    "ShortDelivery": ("行数、主键或合格率低于契约允许的范围", ASK),
    "SchemaChanged": ("源端的列与契约不符", "与数源部门确认，修订契约或恢复源端结构"),
    "TableDamaged": (
        "表的日志或文件损坏，或与回执不符",
        "系统管理员查明存储的改动，从备份恢复这张表，再运行同一步骤",
    ),
    "DeliveryDigestWrong": ("文件与清单的摘要不符", ASK),
    "ControlTotalsDiffer": ("源端与湖内的总量或校验和不一致", RERUN),
    "DeliveryUndecodable": ("文件编码或结构无法读取", ASK),
    "DeliveryIncomplete": ("清单、文件或分页不完整", ASK),
    "GateFailed": (
        "数据质量低于契约的要求",
        "用 ./lake quarantine list 查看规则和数量，请数源部门改正后重新交付",
    ),
    "OutOfTurn": ("前一步没有完成，或已不是轮到的批次", "先处理前一步，再运行同一步骤"),
    "NotSigned": (
        "契约与脱敏策略没有安全管理员的签署",
        "请安全管理员执行 ./lake approve",
    ),
    "LeakFound": (
        "泄露扫描发现疑似明文的个人信息，待发布内容已删除",
        "安全管理员检查脱敏策略与契约的列类别",
    ),
    "KeyUnavailable": ("密钥缺失、有误、已停用或已销毁，或可关联组已到期", OPERATE),
    "ClassUnconfirmed": (
        "数据看起来比契约所说的更敏感，尚未确认，没有发布",
        "用 ./lake privacy classify 查看；由数源部门修订契约的列类别，"
        "或由安全管理员执行 ./lake privacy confirm",
    ),
    "TooFewPeople": (
        "逐级概括之后，同组人数仍低于策略规定的行超过 5%，没有发布",
        "用 ./lake privacy risk 查看；与数源部门商定减少列、扩大范围，或不予共享",
    ),
    "GrantNotInForce": (
        "授权未经两人签署、已到期或撤回，或与契约、策略不符，该授权的表没有发布",
        "用 ./lake grants list 查看；由安全管理员执行 ./lake grants sign，或改正声明",
    ),
    "TableBusy": (
        "另一个发布者正持有这张表的租约",
        "稍后会自动重试；一直如此时查看运行中的作业",
    ),
    "StoreUnavailable": ("对象存储没有应答或没有照办", OPERATE),
    "StoreUnfit": (
        "对象存储缺少必需的性质，或没有检查过",
        "执行 ./lake storage check",
    ),
    "LedgerBroken": (
        "审计账本核验不通过",
        "停止作业，执行 ./lake verify，请审计管理员查明",
    ),
    "LedgerUnwritable": ("审计账本写不进去，操作没有进行", OPERATE),
    "AccessDenied": ("没有权限", OPERATE),
    "ReadsUnrecorded": ("存储的访问日志与账本对不上", LOOK_INTO),
    "JobFailed": ("计算引擎自身出错", RERUN),
    "NotifyFailed": ("告警没有送达接收方", "检查接收方和网络，未送达的会自动重发"),
    "NothingToDo": ("已经完成", RERUN),
    "TooFewChanged": ("与已发布的版本相差的人太少", RERUN),
    "NotShared": ("目录规定不予共享", RERUN),
}
"""Class of an error to why and what to do."""

OTHER_CAUSES: dict[str, tuple[str, str]] = {
    "late": (
        "过了契约规定的更新时限，仍没有新的合格批次",
        "查看 ./lake status 的“时效”，与数源部门确认后补交",
    ),
    "ticket_overdue": (
        "工单过了办理期限仍未转办或办结",
        "查看 ./lake tickets；隔离数据用 ./lake quarantine return 转办，催数源部门改正",
    ),
    "many_persons": (
        "湖内去重后的人数（估计值）达到阈值；超过一千万人须履行重要数据处理者的义务",
        "安全管理员和数据主管部门核实人数，按网络数据安全管理条例第二十八、二十九条准备",
    ),
    "unrecorded_read": ("存储提供了数据，账本里没有这次读取", LOOK_INTO),
    "store_log_gap": (
        "账本记有归集或发布，存储的访问日志里却没有任何访问",
        "检查存储的日志是否被关闭、改动或没有送达",
    ),
    "state_differs": (
        "源端有删除，或有晚于契约约定的改动，只按变更合并会与源端不一致；这一批已改用全量",
        "无需操作；经常出现时与数源部门确认，调整契约的 load",
    ),
    "breaker_open": (
        "数据源连续多次没有正常应答，暂停访问，稍后自动试探",
        "与数源部门确认服务和网络；恢复后自动继续，无需操作",
    ),
    "breaker_closed": (
        "试探成功，数据源已恢复",
        "无需操作；失败的批次会自动或按需重跑",
    ),
}
"""Kind of an alert that no error raised to why and what to do."""


def kind_for(error: str, step: str) -> str:
    """The `what` of an alert about a step that ended in this class of error."""
    return KIND_OF.get(error, f"failed:{step}")


def title(what: str) -> str:
    """The heading; KeyError where `what` is of no known kind."""
    return TITLES[what.split(":")[0]]


def why_and_advice(what: str, error: str = "") -> dict[str, str]:
    """Why it happened, as far as the class of the error tells, and what to do."""
    kind = what.split(":")[0]
    own = {kind: name for name, kind in KIND_OF.items()}
    known = CAUSES.get(own.get(kind, error), CAUSES[LakeError.__name__])
    why, advice = OTHER_CAUSES.get(kind, known)
    return {"why": why, "advice": advice}
