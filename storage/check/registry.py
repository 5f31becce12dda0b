"""The properties of a store the lake relies on: each with what it is for, and its trial."""

from __future__ import annotations

from storage.check.conditions import conditions
from storage.check.durability import durable
from storage.check.encryption import encrypted_at_rest
from storage.check.findings import Property
from storage.check.races import create_once, create_once_in_parts, replace_once
from storage.check.rights import real_rights, rights
from storage.check.sessions import sessions
from storage.check.transport import (
    closed_door,
    encrypted_way,
    links_end,
    seen_at_once,
)
from storage.check.write_once import write_once

PROPERTIES = (
    # First: what it locks is free again when the rest is done.
    Property(
        "write_once",
        "写后不可改",
        "锁定期内，连管理员也不能删除、缩短或替换账本副本",
        write_once,
    ),
    Property(
        "create_once",
        "条件创建",
        "多个写入者同时创建同名对象，只有一个成功",
        create_once,
    ),
    Property(
        "create_once_in_parts",
        "分段条件创建",
        "分段上传的大对象，同样只有一个成功",
        create_once_in_parts,
    ),
    Property(
        "replace_once",
        "条件替换",
        "读到同一状态的写入者，只有一个能替换它",
        replace_once,
    ),
    Property(
        "seen_at_once",
        "写后即见",
        "已确认的对象立即可读、可列出",
        seen_at_once,
    ),
    Property(
        "rights",
        "职责权限",
        "按职责表生成的策略被如实执行，其余一律拒绝",
        rights,
    ),
    Property(
        "real_rights",
        "账号实权",
        "secrets 中的职责账号恰好有这些权限，没有被放宽",
        real_rights,
    ),
    Property(
        "conditions",
        "策略条件",
        "策略中的条件要么执行，要么拒收，不得悄悄忽略",
        conditions,
    ),
    Property(
        "sessions",
        "凭据不可扩权",
        "收窄的临时凭据不能换取更大的权限",
        sessions,
    ),
    Property(
        "encrypted_way",
        "传输加密",
        "只接受 TLS 连接，证书出自指定机构",
        encrypted_way,
    ),
    Property(
        "closed_door",
        "无凭据不得入",
        "没有凭据、凭据不对或请求被改动，一律拒绝",
        closed_door,
    ),
    Property(
        "links_end",
        "链接有期限",
        "下载链接只开一个对象，到期失效",
        links_end,
    ),
    Property(
        "encrypted_at_rest",
        "落盘加密",
        "要求的加密确实实行，不是收下设置了事",
        encrypted_at_rest,
    ),
    Property(
        "durable",
        "终止不丢",
        "写入中强行终止服务，已确认的对象一个不少、一字不差",
        durable,
    ),
)
