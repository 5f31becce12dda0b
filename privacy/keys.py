"""Pseudonym keys, derived from one master key by everything that must not join.

master key → secret of a scope and version → key of a class, each by HMAC. A scope is
recipient × purpose × source department, or a linkage group × purpose; its secret takes the
master key and a random salt that lies in a file of its own, so that a version ends for
ever with its salt. Keys never leave this process in a plan, a log or an event: only ids do.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives import hmac as slow_hmac

from audit.ledger import Ledger, has_begun, open_ledger
from audit.signed_head import sync_folder
from lake_config.errors import KeyUnavailable
from lake_config.settings import Settings, read_private, write_private
from privacy.key_states import CURRENT, FIRST, WORDS, Version, versions
from privacy.linkage import require_group

MASTER = "master.key"
BLOCK = 64
LEDGER_KEY = "ledger-digests;v=1"
STANDING = re.compile("[a-z-]+;v=1")
"""Keys of the lake itself: without a salt, for the ledger can be compared for ever."""
PART = "[0-9A-Za-z_-]+"
OWN = re.compile(f"r={PART};p={PART};d={PART}")
GROUP = re.compile(f"g=(?P<group>{PART});p=(?P<purpose>{PART})")
PSEUDONYM = re.compile(
    f"(?P<scope>{OWN.pattern}|g={PART};p={PART})"
    f";c=(?P<key_class>{PART});a=(?P<algorithm>[a-z0-9]+);v=(?P<version>[1-9][0-9]*)"
)
Mac = Callable[[bytes], bytes]


def init_keys(settings: Settings) -> None:
    """Make the master key of a new lake; an existing one is never replaced, and a lost one
    neither: with another key nothing that was made before could be made again."""
    path = settings.layers.keys / MASTER
    if path.exists():
        return
    if has_begun(settings.layers):
        raise KeyUnavailable("主密钥不在，账本已有记录。请从备份恢复 keys。")
    key = secrets.token_bytes(32)
    write_private(path, f"{base64.b64encode(key).decode()}\n{_check_value(key)}\n")
    sync_folder(path.parent)


def own_scope(recipient: str, purpose: str, source_department: str) -> str:
    """Whose data is masked for whom: nothing joins beyond it."""
    return _sound(OWN, f"r={recipient};p={purpose};d={source_department}")


def group_scope(group: str, purpose: str) -> str:
    """A linkage group's, which alone leaves the source department out."""
    return _sound(GROUP, f"g={group};p={purpose}")


def _sound(form: re.Pattern[str], scope: str) -> str:
    if not form.fullmatch(scope):
        raise KeyUnavailable(f"“{scope}”不能作密钥的名称：只能用字母、数字、_ 和 -。")
    return scope


@dataclass(frozen=True, slots=True)
class KeyName:
    """What a pseudonym key is derived from; as text it is the key's id, safe to write
    anywhere. Two algorithms never share one."""

    scope: str
    key_class: str
    algorithm: str
    version: int

    def __str__(self) -> str:
        return f"{self.scope};c={self.key_class};a={self.algorithm};v={self.version}"

    def of_class(self, key_class: str) -> KeyName:
        return replace(self, key_class=key_class)


def parsed(name: str) -> KeyName:
    """A pseudonym key's id taken apart; KeyUnavailable for anything else."""
    parts = PSEUDONYM.fullmatch(name)
    if parts is None:
        raise KeyUnavailable(f"密钥 {name} 的版本已停用，步骤没有开始。")
    about = (parts["scope"], parts["key_class"], parts["algorithm"])
    return KeyName(*about, int(parts["version"]))


def key_id_in(scope: str, key_class: str, version: Version) -> str:
    return str(KeyName(scope, key_class, version.algorithm, version.number))


def key_id(
    recipient: str,
    purpose: str,
    source_department: str,
    key_class: str,
    version: Version = FIRST,
) -> str:
    """Name of a recipient's own key for one class."""
    scope = own_scope(recipient, purpose, source_department)
    return key_id_in(scope, key_class, version)


def key(settings: Settings, name: str, retired: bool = False) -> bytes:
    """The 32-byte key called `name`.

    KeyUnavailable when it is missing, wrong, destroyed, or rotated out, unless `retired`
    says that older work is what it is wanted for; also when its linkage group is not in
    force.
    """
    if STANDING.fullmatch(name):
        return prepared_mac(_master(settings))(name.encode())
    parts, ledger = parsed(name), open_ledger(settings)
    version = _usable(ledger, parts, retired)
    group = GROUP.fullmatch(parts.scope)
    if group and not retired:
        require_group(settings, ledger, group["group"], parts.key_class)
    secret = scope_secret(settings, parts.scope, version)
    return prepared_mac(secret, version.algorithm)(name.encode())


def _usable(ledger: Ledger, name: KeyName, retired: bool) -> Version:
    found = versions(ledger, name.scope).get(name.version)
    if found is None or found.algorithm != name.algorithm:
        raise KeyUnavailable(
            f"没有密钥 {name}，步骤没有开始。请执行 ./lake keys list。"
        )
    if not found.live or (found.state != CURRENT and not retired):
        raise KeyUnavailable(
            f"密钥 {name} {WORDS[found.state]}，不能再用，步骤没有开始。"
            "现行的版本见 ./lake keys list。"
        )
    return found


def scope_secret(settings: Settings, scope: str, version: Version) -> bytes:
    """What all keys of one scope and version come from; never used by itself."""
    about = f"{scope};a={version.algorithm};v={version.number}".encode()
    salt = _salt(settings, scope, version.number)
    found = prepared_mac(_master(settings), version.algorithm)(salt + about)
    if version.check and check_of(found, version.algorithm) != version.check:
        raise KeyUnavailable(
            f"{scope} 第 {version.number} 版的密钥与账本记录的校验值不符："
            "主密钥或密钥盐不是原来的那一份。请从备份恢复 keys。"
        )
    return found


def make_salt(settings: Settings, scope: str, number: int) -> None:
    """A fresh salt that outlives a power cut; one that no event vouches for is replaced."""
    path = settings.layers.key_salt(scope, number)
    write_private(path, secrets.token_hex(32))
    for folder in (path.parent, path.parent.parent):
        sync_folder(folder)


def check_of(secret: bytes, algorithm: str) -> str:
    """Recorded with a version, so that another key is never taken for it."""
    return prepared_mac(secret, algorithm)(b"check value").hex()[:16]


def _salt(settings: Settings, scope: str, number: int) -> bytes:
    path = settings.layers.key_salt(scope, number)
    if not path.exists():
        raise KeyUnavailable(
            f"{scope} 第 {number} 版的密钥盐不在，步骤没有开始。请从备份恢复 keys。"
        )
    try:
        found = bytes.fromhex(read_private(path))
    except ValueError:
        found = b""
    if len(found) != 32:
        raise KeyUnavailable(
            f"{scope} 第 {number} 版的密钥盐已损坏，请从备份恢复 keys。"
        )
    return found


def ledger_digest(settings: Settings, text: str) -> str:
    """Keyed digest (hex) of something that must not be guessable from the ledger."""
    return prepared_mac(key(settings, LEDGER_KEY))(text.encode()).hex()


def _master(settings: Settings) -> bytes:
    path = settings.layers.keys / MASTER
    if not path.exists():
        raise KeyUnavailable("主密钥不在，任何数据都不会处理。请从备份恢复。")
    try:
        encoded, check = read_private(path).split()
        found = base64.b64decode(encoded, validate=True)
    except (ValueError, binascii.Error):
        raise KeyUnavailable("主密钥文件已损坏，请从备份恢复。") from None
    if len(found) != 32 or not hmac.compare_digest(check, _check_value(found)):
        raise KeyUnavailable("主密钥与其校验值不符，请从备份恢复正确的密钥。")
    return found


def _check_value(master: bytes) -> str:
    return check_of(master, "sm3")


@lru_cache(maxsize=64)
def loaded_mac(settings: Settings, name: str) -> Mac:
    """The MAC of a pseudonym key, loaded once per process until one is destroyed."""
    return prepared_mac(key(settings, name), parsed(name).algorithm)


@lru_cache(maxsize=1)
def _openssl_has_sm3() -> bool:
    return "sm3" in hashlib.algorithms_available


def prepared_mac(secret: bytes, algorithm: str = "sm3") -> Mac:
    """HMAC with both pads hashed once: several times faster per value. SM3 or SHA-256."""
    if algorithm == "sm3" and not _openssl_has_sm3():
        return _cryptography_mac(secret)
    padded = secret.ljust(BLOCK, b"\0")
    inner = hashlib.new(algorithm, bytes(byte ^ 0x36 for byte in padded))
    outer = hashlib.new(algorithm, bytes(byte ^ 0x5C for byte in padded))

    def mac(value: bytes) -> bytes:
        inside = inner.copy()
        inside.update(value)
        outside = outer.copy()
        outside.update(inside.digest())
        return outside.digest()

    return mac


def _cryptography_mac(secret: bytes) -> Mac:
    prepared = slow_hmac.HMAC(secret, hashes.SM3())

    def mac(value: bytes) -> bytes:
        context = prepared.copy()
        context.update(value)
        return context.finalize()

    return mac
