"""Sealed things open for the same key, the same bytes and the same matter only."""

from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from hypothesis import given
from hypothesis import settings as runs
from hypothesis import strategies as st

from lake_config.errors import KeyUnavailable
from privacy.envelope import CIPHERS, seal, unseal

KEY = bytes(range(32))


@runs(max_examples=50)
@given(st.binary(max_size=100), st.text(max_size=20), st.sampled_from(sorted(CIPHERS)))
def test_what_is_sealed_opens_again(content: bytes, about: str, kind: str) -> None:
    sealed = seal(KEY, kind, content, about)
    assert unseal(KEY, kind, sealed, about) == content
    assert len(sealed) == len(content) + 28


@pytest.mark.parametrize("kind", sorted(CIPHERS))
def test_nothing_else_opens_it(kind: str) -> None:
    sealed = seal(KEY, kind, b"231202199002281239", "a")
    (other,) = set(CIPHERS) - {kind}
    spoiled = [sealed[:place] + b"!" + sealed[place + 1 :] for place in (0, 15, 40)]
    wrong = [
        (KEY[::-1], kind, sealed, "a"),
        (KEY, kind, sealed, "b"),
        (KEY, other, sealed, "a"),
        (KEY, kind, b"", "a"),
        (KEY, kind, sealed[:-1], "a"),
        *((KEY, kind, it, "a") for it in spoiled),
    ]
    for given_ in wrong:
        with pytest.raises(KeyUnavailable) as refusal:
            unseal(*given_)
        assert "2312" not in str(refusal.value)


def test_two_seals_of_one_value_have_nothing_in_common() -> None:
    one, other = (seal(KEY, "sm3", b"x" * 40, "a") for _ in range(2))
    assert one[:12] != other[:12] and one[12:] != other[12:]


def test_aes_is_the_library_s_own() -> None:
    sealed = seal(KEY, "sha256", b"value", "about")
    assert AESGCM(KEY).decrypt(sealed[:12], sealed[12:], b"about") == b"value"


def test_sm4_gcm_is_rfc_8998_s() -> None:
    """Appendix A.1: the cipher itself is the standard's."""
    key = bytes.fromhex("0123456789abcdeffedcba9876543210")
    nonce = bytes.fromhex("00001234567800000000abcd")
    about = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    plain = bytes.fromhex(
        "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbccccccccccccccccdddddddddddddddd"
        "eeeeeeeeeeeeeeeeffffffffffffffffeeeeeeeeeeeeeeeeaaaaaaaaaaaaaaaa"
    )
    sealer = Cipher(SM4(key), GCM(nonce)).encryptor()
    sealer.authenticate_additional_data(about)
    made = sealer.update(plain) + sealer.finalize()
    assert made.hex() == (
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
    )
    assert sealer.tag.hex() == "83de3541e4c2b58177e065a9bf7b62ec"
