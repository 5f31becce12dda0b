"""What looks like an identifier and is none: the hard negatives of privacy.md, section 4.

NEVER are texts in which nothing may be found. BY_CHANCE makes numbers of a shape that some
class shares; docs/reference/recognisers.md declares how many of them pass for which class.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable

from tests.lib.identifiers import CURRENT, TODAYS, birthday, some_digits

DIGITS_AND_CAPITALS = string.digits + string.ascii_uppercase

NEVER = (
    # orders, serials, parcels
    "20240229235959", "20240229235959001", "2024022923595912345", "DD20240229001234",
    "SF1234567890123", "JD0012345678901", "YT8812345678901", "编号：000123456789",
    "订单号13945551234", "运单号：13812345678已签收", "流水号6222021234567890128",
    "案件编号：231202240307001", "合同号13945551234", "批号20240307", "H23120200001",
    "VA023456789012", "XA01ABD075A002", "零件号LSVAA4182E2184847",
    # times, sums, quantities
    "2024-02-29 23:59:59", "2024-01-01/2024-12-31", "1709222399", "1709222399000",
    "2024年2月29日23时59分", "12:30:45", "¥13812345678.00", "13812345678.50", "1,234,567.89",
    "合计13812345678元整", "0.13812345678", "3.1415926535897932384", "18000000000元。",
    # hotlines
    "拨打12345热线", "95588", "110", "119", "120", "12315", "12306", "400-810-8888",
    "10086", "96110",
    # books and goods
    "ISBN 978-7-111-12345-6", "ISBN 7-111-12345-X", "6901234567892", "IMEI 490154203237518",
    "国A6标准", "国ⅥB排放", "京A座", "黑A座", "A区12号", "甲A12345", "国A12345",
    "苏27战机", "新A股上市", "云A类", "晋级A组", "宁A区", "Windows 10.0.19045",
    "版本1.2.3.4", "第3.1.2节", "std::vector", "V2.10.1.3", "A4纸", "GB/T 2260-2007",
    # masked before, and our own tokens
    "110101********7758", "1***************8", "138****5678", "6217********1234",
    "黑A***45", "z***@163.com", "ncebdheebbcfcdbeibjljlnmbglhihcc", "身份证号231202********1234",
    "住址：********", "手机138****5678",
    # days of events
    "会议于2024年3月7日召开", "1990年3月7日，该厂投产", "2024-03-07发生事故", "自2024年3月7日起生效",
    "1998年9月学生入学", "产品于2023年5月1日生产", "签发日期2024-03-07",
    "出生医学证明签发日期2024-03-07", "出生率在2020年1月下降", "出生于绥化，1995年7月毕业", "出生地绥化；1995年7月1日参加工作",
    # words that look like names, and places without a door
    "高兴", "文明", "方法", "马上", "黄金", "时间", "长安", "朝阳", "鲁迅中学", "张主任", "李女士",
    "刘某某", "阿卜杜拉·艾力", "爱新觉罗·溥仪", "敖登格日勒", "黑龙江省绥化市北林区", "中山路",
    "地铁2号线", "第5号文件", "3号楼会议室", "国发〔2024〕12号", "人民路2号线站", "12月25号",
    "街道办3月10号开会", "九月三号", "台风7号", "公安局第2号令",
    # what is cut off or mistyped too far
    "1394555123", "139455512345", "12945551234", "23120219900228", "6222021234567890127",
    "LSVAA4182E2184848", "99120219900228123X", "231202199013011234", "abc@", "@王小明",
    "user@host", "256.1.1.1", "1.2.3", "91231200MA123456XX", "E1234567X9", "QQ", "微信支付",
    "护照办理", "身份证明材料", "12345678901234567890",
)  # fmt: skip


def serial(length: int, first: str = "123456789") -> Callable[[random.Random], str]:
    return lambda chance: chance.choice(first) + some_digits(chance, length - 1)


def case_number(chance: random.Random) -> str:
    """Region, a recent day, four digits: cases, parcels, households."""
    day = birthday(chance, 2015, 2024)
    return f"{chance.choice(TODAYS)}{day:%Y%m%d}{some_digits(chance, 4)}"


def old_case_number(chance: random.Random) -> str:
    day = birthday(chance, 2015, 2024)
    return f"{chance.choice(TODAYS)}{day:%y%m%d}{some_digits(chance, 3)}"


def stamped(chance: random.Random) -> str:
    """An order number that begins with the moment of the order."""
    day = birthday(chance, 2015, 2024)
    hour, minute, second = (
        chance.randrange(24),
        chance.randrange(60),
        chance.randrange(60),
    )
    return f"{day:%Y%m%d}{hour:02d}{minute:02d}{second:02d}{some_digits(chance, 4)}"


def dated(chance: random.Random) -> str:
    return f"{birthday(chance, 2015, 2024):%Y%m%d}{some_digits(chance, 10)}"


def signs(length: int, alphabet: str) -> Callable[[random.Random], str]:
    return lambda chance: "".join(chance.choice(alphabet) for _ in range(length))


def part_number(chance: random.Random) -> str:
    """17 signs of which the last four are digits, as of a vehicle."""
    capitals = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
    return signs(13, capitals)(chance) + some_digits(chance, 4)


def mistyped(chance: random.Random) -> str:
    """An identity number with one wrong digit: somebody's, but it needs a label."""
    from tests.lib.identifiers import identity_number

    number = identity_number(
        f"{chance.choice(sorted(CURRENT))}{birthday(chance):%Y%m%d}{some_digits(chance, 3)}"
    )
    place = chance.randrange(17)
    wrong = chance.choice([digit for digit in "0123456789" if digit != number[place]])
    return number[:place] + wrong + number[place + 1 :]


BY_CHANCE: dict[str, Callable[[random.Random], str]] = {
    "8 digits": serial(8),
    "11 digits beginning with 1": serial(11, "1"),
    "11 digits beginning with 0": serial(11, "0"),
    "12 digits": serial(12),
    "15 digits": serial(15),
    "16 digits": serial(16),
    "18 digits": serial(18),
    "19 digits": serial(19),
    "19 digits beginning with 62": lambda chance: "62" + some_digits(chance, 17),
    "moment and 4 digits": stamped,
    "day and 10 digits": dated,
    "region, day and 4 digits": case_number,
    "region, short day and 3 digits": old_case_number,
    "identity number, one digit wrong": mistyped,
    "letter and 8 digits": lambda chance: chance.choice(string.ascii_uppercase) + some_digits(chance, 8),
    "17 digits and capitals, 4 digits last": part_number,
    "17 digits": serial(17),
    "18 digits and capitals": signs(18, DIGITS_AND_CAPITALS),
    "province, letter, 5 digits and capitals": lambda chance: (
        chance.choice("京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼")
        + chance.choice(string.ascii_uppercase) + signs(5, DIGITS_AND_CAPITALS)(chance)
    ),
    "four numbers with dots": lambda chance: ".".join(str(chance.randrange(0, 300)) for _ in range(4)),
}  # fmt: skip
