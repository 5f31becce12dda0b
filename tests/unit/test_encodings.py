"""The encoding of a text file, from its bytes."""

from __future__ import annotations

import pytest

from quality.encodings import encoding_of

TEXT = "编号,姓名\n1,赵钱孙李\n2,周吴郑王\n3,冯陈褚卫\n"
RARE = "编号,姓名\n1,㐂\U00020bb7野\n2,\U00020bb7田\n3,\U00020bb7\n"
ASCII = b"no,owner\n1,x\n"


@pytest.mark.parametrize(
    ("content", "agreed", "found"),
    [
        (TEXT.encode("gb18030"), "GB18030", "GB18030"),
        (TEXT.encode("gbk"), "GB18030", "GB18030"),
        (TEXT.encode("utf-8"), "GB18030", "UTF-8"),
        (TEXT.encode("utf-8"), "UTF-8", "UTF-8"),
        (TEXT.encode("utf-8"), "utf_8", "utf_8"),
        (TEXT.encode("gb18030"), "UTF-8", "GB18030"),
        (RARE.encode("gb18030"), "GBK", "GB18030"),
        (TEXT.encode("utf-16"), "UTF-8", "UTF-16"),
        (b"\x81\xff\n" * 9, "UTF-8", "unknown"),
        ("no,x\n1,一\n".encode("gb18030"), "GB18030", "GB18030"),
        ("no,x\n1,一\n".encode(), "GB18030", "UTF-8"),
        (ASCII, "GB18030", "GB18030"),
        (b"", "UTF-8", "UTF-8"),
    ],
)
def test_encoding(content: bytes, agreed: str, found: str) -> None:
    assert encoding_of(content, agreed) == found


def test_some_bad_lines_are_for_the_rules() -> None:
    content = TEXT.encode("gb18030") + b"4,\xff\xff\n"
    assert encoding_of(content, "GB18030") == "GB18030"
