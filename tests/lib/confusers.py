"""Columns that look like somebody's and are nobody's: privacy.md, section 4, as whole columns.

Each has the name and the label that a department would give it, and a maker of its cells.
Some have a label with the word of an identifier in it that means something else.
"""

from __future__ import annotations

import random
import string
from collections.abc import Callable, Sequence

from lake_config.townships import townships
from tests.lib.look_alikes import BY_CHANCE

Maker = Callable[[random.Random], str]
Confuser = tuple[str, str, Maker]


def of(*words: str) -> Maker:
    return lambda chance: chance.choice(words)


def form(pattern: str) -> Maker:
    """`9` a digit, `A` a capital, `X` either; all else stays."""
    signs = {"9": string.digits, "A": string.ascii_uppercase,
             "X": string.digits + string.ascii_uppercase, "h": "0123456789abcdef"}  # fmt: skip

    def made(chance: random.Random) -> str:
        return "".join(chance.choice(signs.get(sign, sign)) for sign in pattern)

    return made


def counted(text: str, last: int) -> Maker:
    """`{}` is a number up to `last`."""
    return lambda chance: text.format(chance.randrange(1, last))


def joined(*parts: Maker) -> Maker:
    return lambda chance: "".join(part(chance) for part in parts)


def moment(chance: random.Random) -> str:
    return f"20{chance.randrange(18, 26)}-{chance.randrange(1, 13):02d}-{chance.randrange(1, 29):02d}"


def clock(chance: random.Random) -> str:
    return f"{chance.randrange(24):02d}:{chance.randrange(60):02d}:{chance.randrange(60):02d}"


def isbn(chance: random.Random) -> str:
    first = "9787" + "".join(chance.choice(string.digits) for _ in range(8))
    total = sum(int(digit) * (1 + 2 * (place % 2)) for place, digit in enumerate(first))
    return first + str(-total % 10)


TOWNS = tuple(name for names in townships().values() for name in names)
WORDS = (
    "高兴 文明 方法 马上 黄金 时间 长安 朝阳 安全 白菜 黄瓜 石榴 金针菇 马铃薯 高粱 黄豆 高血压 白内障 马蹄 熊猫 江米 石油 "
    "金属 钢铁 毛衣 雷达 易碎品 安检 常规 段落 管道 包裹 单据 车间 游客 花园 水果 温度 时段 方案 万科 康复 牛肉 鱼类 龙虾 "
    "苏打 成本 曲线 米线 池塘 古迹 盛会 汤圆 黎明 贺卡 武器 乔木 文件 施工 陶瓷 洪水 安装 颜色 严重 温泉 季度 鲁菜 章程"
).split()
JOBS = (
    "司机 会计 厨师 教师 护士 经理 焊工 电工 司炉工 高级工 安全员 施工员 包装工 石匠 花匠 牛倌 马夫 管理员 "
    "车工 钳工 保洁 保安 文员 出纳 库管 质检员 计调 项目经理 店长 药师"
).split()
COUNTRIES = (
    "安哥拉 马来西亚 马里 马耳他 古巴 秘鲁 黎巴嫩 文莱 尼泊尔 巴西 智利 阿根廷 古埃及 安道尔 毛里求斯 成吉思 约旦 "
    "牙买加 莫桑比克 柬埔寨 江户 冈比亚 万象 白俄罗斯 金边 海地 苏丹 汤加 卢旺达"
).split()
SHOPS = "老王烧烤 张亮麻辣烫 李先生牛肉面 王老吉专卖 孙家包子铺 刘一手火锅 周黑鸭 马大姐糖果".split()
COMPANIES = joined(
    of("绥化", "北林", "海伦", "安达"),
    of("恒", "信", "达", "宏", "丰"),
    of("源", "泰", "通", "盛"),
    of("商贸", "农业", "建筑", "运输"),
    of("有限公司", "合作社", "有限责任公司", "个体工商户"),
)

CONFUSERS: dict[str, Confuser] = {
    **{
        name: (f"c_{place}", "业务单号", maker)
        for place, (name, maker) in enumerate(BY_CHANCE.items())
        if name != "identity number, one digit wrong"
    },
    # numbers of things
    "order by date": ("order_no", "订单号", joined(form("DD"), of("2024", "2025"), form("99999999"))),
    "parcel": ("parcel_no", "运单号", form("SF1399999999999")),
    "parcel of 15 digits": ("waybill", "快递单号", form("781999999999999")),
    "invoice code": ("invoice_code", "发票代码", form("023002199911")),
    "invoice number": ("invoice_no", "发票号码", form("99999999")),
    "contract number": ("agreement_no", "合同号", form("HT-2024-9999")),
    "court case": ("court_case", "案号", counted("（2024）黑1202民初{}号", 9_000)),
    "document": ("doc_no", "文号", counted("绥政办发〔2024〕{}号", 300)),
    "decree": ("decree", "依据文件", counted("绥化市人民政府令第{}号", 90)),
    "bank branch": ("branch_no", "联行号", form("102499999999")),
    "organisation code": ("org_no", "机构编码", form("MA1XXXXXX")),
    "meter": ("meter_no", "水表号", form("0455999999")),
    "asset": ("asset_no", "资产编号", form("ZC-99999-99")),
    "device": ("device_sn", "设备序列号", form("XXXXXXXXXXXX")),
    "imei": ("imei", "设备识别码", form("869999999999999")),
    "isbn": ("isbn", "书号", isbn),
    "goods": ("barcode", "商品条码", form("6909999999999")),
    "icd": ("illness", "病种", form("A99.9")),
    "postal code": ("postcode", "邮政编码", form("152999")),
    "county": ("place_code", "区划", of("231202", "231221", "231222", "231281", "231283")),
    "uuid": ("trace_id", "链路标识", form("hhhhhhhh-hhhh-4hhh-ahhh-hhhhhhhhhhhh")),
    "digest": ("content_hash", "文件摘要", form("h" * 64)),
    "token": ("link_token", "假名", lambda chance: "".join(chance.choice("ghijklmnopqrstuvabcdef") for _ in range(32))),
    "model": ("model_no", "型号", form("LS-99AX")),
    "standard": ("standard_no", "标准号", counted("GB/T {}-2007", 40_000)),
    "version": ("release", "版本", joined(form("9.99"), form(".99"))),
    "parcel of land": ("parcel_code", "宗地号", form("231202999999GB99999")),
    "train": ("train_no", "车次", joined(of("G", "D", "K"), form("999"))),
    "flight": ("flight_no", "航班号", form("CZ9999")),
    "seat": ("seat_no", "座位", joined(form("9"), form("9A"))),
    # times and sums
    "second": ("created_epoch", "时间戳", form("1709999999")),
    "millisecond": ("created_ms", "毫秒时间戳", form("1709999999999")),
    "stamp": ("stamp", "时间串", lambda chance: moment(chance).replace("-", "") + clock(chance).replace(":", "")),
    "moment": ("done_at", "办结时间", joined(moment, of(" "), clock)),
    "day": ("done_on", "办结日期", moment),
    "Chinese day": ("day_text", "开会日期", lambda chance: f"2024年{chance.randrange(1, 13)}月{chance.randrange(1, 29)}日"),
    "month": ("month", "月份", of("202401", "202402", "202403", "202404")),
    "clock": ("opens", "开门时间", clock),
    "sum": ("sum_paid", "合计金额", form("13999999999.99")),
    "sum in words": ("sum_text", "金额大写", counted("合计{}元整", 90_000)),
    "share": ("ratio", "占比", form("0.9999")),
    "degrees": ("longitude", "经度", form("126.999999")),
    "quantity": ("stock", "库存数量", form("9999")),
    # what is reached that is no person
    "hotline": ("hotline", "服务热线", of("12345", "95588", "12315", "12306", "96110", "400-810-8888", "10086", "119")),
    "service line": ("service_line", "客服", form("400-999-9999")),
    "short number": ("extension", "分机", form("8999")),
    "host": ("host_name", "主机名", counted("node{}.suihua.gov", 900)),
    "file": ("file_name", "文件名", counted("附件{}.pdf", 9_000)),
    # words
    "words that are names": ("keyword", "关键词", of(*WORDS)),
    "jobs": ("job", "工种", of(*JOBS)),
    "countries": ("country", "国别", of(*COUNTRIES)),
    "shops": ("shop", "店铺", of(*SHOPS)),
    "companies": ("body_name", "企业名称", COMPANIES),
    "schools": ("school", "就读学校", joined(of(*TOWNS), of("第一小学", "中心小学", "中学"))),
    "townships": ("township", "乡镇街道", of(*TOWNS)),
    "stations": ("station", "站名", joined(of(*TOWNS), of("客运站", "收费站"))),
    "meeting rooms": ("room", "会议室", counted("3号楼{}会议室", 90)),
    "lines": ("bus_line", "公交线路", counted("{}路公交", 90)),
    "colours": ("colour", "颜色", of("白色", "黄色", "蓝色", "金色", "紫色", "石青")),
    "peoples": ("people_name", "民族名称", of("汉族", "满族", "回族", "白族", "苗族", "黎族")),
    "drugs": ("drug", "药品名称", joined(of("阿莫西林", "黄连素", "甘草片", "安乃近"), of("片", "胶囊", ""))),
    "sentences": ("told", "办理意见", joined(of("经核实", "已转办", "请补正"), of("，材料齐全", "，等待回复"), counted("，第{}次", 900))),
    # hidden before
    "masked identity": ("hidden_id", "脱敏号码", form("231202********9999")),
    "masked mobile": ("hidden_phone", "脱敏电话", form("139****9999")),
    # labels with the word of an identifier that mean something else
    "validity of a card": ("id_valid_to", "身份证有效期止", moment),
    "kind of document": ("cert_type", "证件类型", of("111", "414", "511", "516")),
    "place of a number": ("phone_area", "手机号归属地", of("绥化", "哈尔滨", "大庆", "北京")),
    "has a mobile": ("has_mobile_flag", "是否有手机标志", of("0", "1")),
    "opening bank": ("card_bank", "银行卡开户行", of("工商银行", "农业银行", "建设银行", "龙江银行")),
    "post code of home": ("home_zip", "住址邮编", form("152999")),
    "colour of a plate": ("plate_colour", "车牌颜色", of("蓝", "黄", "绿", "白")),
    "initial": ("initial", "姓名首字母", form("A")),
    "card state": ("card_state", "医保卡状态", of("1", "2", "9")),
    "valid number": ("ss_valid", "社保号是否有效", of("0", "1")),
    "length of address": ("addr_len", "住址长度", form("99")),
}  # fmt: skip


def cells(maker: Maker, count: int, chance: random.Random) -> Sequence[str]:
    return [maker(chance) for _ in range(count)]
