"""What Chinese names are made of, and how people write somebody's name in a sentence.

Facts only. The surnames are the commonest ones of the mainland and the two-character ones;
who has another is found by the model or by the structured columns.
"""

from __future__ import annotations

SURNAMES = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾"
    "丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤"
    "尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐梅"
    "莫庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄"
    "单包司柏宁柯阮桂闵解强丘华车冉房边辜吉饶刁瞿戚古米池滕晋苑邬臧畅宫来苟全褚廉简娄盖符奚木穆"
    "党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣"
    "楚佟栗匡宗台巫鞠僧桑荆谌银扬明沙伏岑胥蔺闫肖付仝代晁逄亓佘蒲荣修母赫苍邝敬佴乌"
)
DOUBLE = frozenset(
    "欧阳 太史 端木 上官 司马 东方 独孤 南宫 万俟 闻人 夏侯 诸葛 尉迟 公羊 赫连 "
    "澹台 皇甫 宗政 濮阳 公冶 太叔 申屠 公孙 慕容 仲孙 钟离 长孙 宇文 司徒 鲜于 "
    "司空 令狐 西门 百里 呼延 爱新 完颜 那拉".split()
)
TITLES = (
    "先生 女士 小姐 太太 夫人 同志 师傅 老师 医生 大夫 护士 主任 科长 处长 局长 "
    "书记 县长 市长 镇长 乡长 村长 队长 所长 院长 校长 经理 总经理 警官 律师 法官 "
    "教授 老板 会计 组长 站长 股长 部长 厂长 司机 大爷 大妈 大娘 大叔 大姐 大哥 "
    "阿姨 奶奶 爷爷 婆婆 老太 老汉 老人 婶 嫂 姐 哥 叔 姨 某某某 某某 某 家".split()
)
"""What follows a surname where the given name is left out."""
BEFORE = ("老", "小", "大", "阿")
"""What may stand before it instead: 老王, 小李."""


def surname_of(name: str) -> str:
    """The surname of a Han name of two to four characters, else nothing."""
    if not 2 <= len(name) <= 4 or not all(
        "\u4e00" <= sign <= "\u9fff" for sign in name
    ):
        return ""
    if name[:2] in DOUBLE and len(name) > 2:
        return name[:2]
    return name[0] if name[0] in SURNAMES else ""


def called(name: str) -> list[str]:
    """Shorter ways to name somebody who was named in full."""
    surname = surname_of(name)
    if not surname:
        return []
    forms = [surname + title for title in TITLES]
    forms += [before + surname for before in BEFORE if len(surname) == 1]
    return forms
