"""What a column may hold, and by which names departments call it: facts only.

One entry per semantic type of a contract. A class speaks for itself by its values
(forms.py), by its names, or only by its names; which, is shown in
docs/reference/classification.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from lake_config.contract import PERSONAL_SENSITIVE, SEMANTIC_TYPES


@dataclass(frozen=True, slots=True)
class ColumnClass:
    """`labels` end a Chinese name, `english` ends a column name in snake case, `initials`
    are whole parts of one, made of the first letters of the pinyin."""

    name: str
    labels: tuple[str, ...]
    english: tuple[str, ...]
    initials: tuple[str, ...] = ()


def _class(name: str, labels: str, english: str, initials: str = "") -> ColumnClass:
    parts = (tuple(text.split()) for text in (labels, english, initials))
    return ColumnClass(name, *parts)


DIRECT = (
    "identity_number", "passport", "bank_card", "vin", "plate", "mobile", "landline",
    "online_account", "person_name", "address", "medical_insurance_number",
    "social_security_number", "licence_number",
)  # fmt: skip
"""Direct identifiers, the stronger claim first: this order decides ties of evidence."""

TITLES = {
    "identity_number": "身份证件号码", "person_name": "姓名", "mobile": "手机号码",
    "landline": "固定电话", "bank_card": "银行卡号", "passport": "护照、通行证号码",
    "online_account": "网络账号", "social_security_number": "社会保障号码",
    "medical_insurance_number": "医保、病历号", "licence_number": "证照编号",
    "plate": "车牌号码", "vin": "车辆识别代号", "address": "地址", "person_key": "人员编号",
    "record_key": "业务编号", "birth_date": "出生日期", "age": "年龄", "sex": "性别",
    "ethnicity": "民族", "position": "经纬度",
    "diagnosis_code": "诊断编码", "diagnosis_text": "诊断文字", "event_date": "业务日期",
    "event_time": "业务时间", "movement_place": "行踪地点", "county_code": "县级区划",
    "amount": "数量金额", "status_code": "业务代码", "sensitive_code": "敏感代码",
    "free_text": "自由文本", "company_code": "统一社会信用代码", "not_personal": "非个人信息",
    "under14": "未满十四周岁人员",
}  # fmt: skip
"""How people call a class; the last one is a table's."""

DEFAULT = "free_text"
"""What an unclassified text column is: withheld."""

CLASSES = (
    _class(
        "identity_number",
        "身份证号 身份证号码 身份证件号码 身份证件号 身份号码 公民身份号码 "
        "公民身份证号 身份证 证件号 证件号码 "
        "身份证明号码 居民身份证 居住证号 居住证号码 残疾人证号 残疾证号 永久居留证号",
        "identity_number id_number id_no id_card idcard id_card_no idcard_no "
        "identity_no citizen_id resident_id cert_no national_id",
        "sfzh sfzhm sfzjhm zjhm zjh gmsfhm gmsfzh sfhm idno",
    ),
    _class(
        "passport",
        "护照号 护照号码 护照 通行证号 通行证号码 通行证 回乡证号 台胞证号",
        "passport passport_no passport_number travel_permit permit_no_hk",
        "hzh hzhm txzh txzhm",
    ),
    _class(
        "bank_card",
        "银行卡号 银行卡 银行账号 银行账户 银行帐号 卡号 账号 帐号 收款账号 开户账号 "
        "一卡通号 工资卡号 社保银行账号",
        "bank_card bank_card_no bank_account bank_account_no account_no account_number "
        "card_no card_number",
        "yhkh yhzh yhkhm skzh khzh",
    ),
    _class(
        "vin",
        "车辆识别代号 车辆识别代码 车辆识别码 车架号 车架号码",
        "vin vin_no vin_code frame_no chassis_no",
        "cjh clsbdh clsbdm",
    ),
    _class(
        "plate",
        "车牌号 车牌号码 车牌 号牌号码 号牌 车号 牌照号",
        "plate plate_no plate_number licence_plate license_plate car_no",
        "cph cphm hphm",
    ),
    _class(
        "mobile",
        "手机号 手机号码 手机 移动电话 联系电话 联系方式 联系手机 电话 电话号码 联系人电话",
        "mobile mobile_no mobile_phone cell cellphone phone phone_no phone_number tel "
        "telephone contact_phone",
        "sjh sjhm lxdh yddh lxfs dhhm",
    ),
    _class(
        "landline",
        "固定电话 座机 座机号 固话 办公电话 住宅电话 家庭电话 传真 传真号码 单位电话",
        "landline fixed_phone fax office_phone home_phone",
        "gddh zjdh bgdh zzdh dwdh czhm",
    ),
    _class(
        "online_account",
        "邮箱 电子邮箱 电子邮件 邮箱地址 邮件地址 微信 微信号 QQ QQ号 QQ号码 网络账号",
        "email e_mail mail email_address wechat wechat_id qq qq_no",
        "dzyx wxh qqh",
    ),
    _class(
        "person_name",
        "姓名 名字 曾用名 户主姓名 联系人 经办人 负责人 法定代表人 法人代表 业户名称 "
        "户名 持卡人 当事人 "
        "申请人 监护人 姓名拼音 人员姓名 患者",
        "person_name passenger_name husband_name wife_name head_name reporter_name "
        "owner_name patient_name contact_name full_name real_name applicant_name "
        "holder_name child_name driver_name former_name",
        "xm xingming cym xmpy lxr jbr fddbr",
    ),
    _class(
        "address",
        "地址 住址 家庭住址 居住地址 户籍地址 户口地址 现住址 现居住地 通讯地址 "
        "通信地址 联系地址 收件地址 "
        "送达地址 门牌号 门牌号码 住所 家庭地址",
        "address addr home_address residence street_address",
        "dz zz jtzz jtdz xzz hjdz jzdz txdz lxdz mphm",
    ),
    _class(
        "medical_insurance_number",
        "医保卡号 医保号 医保编号 医保个人编号 医疗保险号 医疗证号 病历号 病案号 "
        "住院号 门诊号 就诊卡号 健康卡号",
        "medical_insurance_no medical_insurance_number medical_no medical_record_no mrn "
        "patient_no insurance_card_no",
        "ybh ybkh ybbh blh bah zyh mzh jzkh",
    ),
    _class(
        "social_security_number",
        "社会保障卡号 社会保障号 社会保障号码 社保卡号 社保号 社保编号 社会保险号 "
        "养老保险号 公积金账号",
        "social_security_no social_security_number social_security_card_no ss_no",
        "shbzkh shbzh sbkh sbh sbbh ylbxh gjjzh",
    ),
    _class(
        "licence_number",
        "驾驶证号 驾驶证号码 驾驶证档案编号 证号 证书编号 资格证号 执业证号 "
        "从业资格证号 运输证号 许可证号",
        "licence_no license_no licence_number license_number licence_file_no "
        "driver_licence driver_license certificate_no certificate_number",
        "jszh jszhm zgzh zyzh",
    ),
    _class(
        "person_key",
        "人员编号 个人编号 人员ID 居民编号 所有人编号 用户编号 学号 工号",
        "person_no person_id resident_no owner_no user_id student_no employee_no "
        "citizen_no",
        "rybh grbh yhbh",
    ),
    _class(
        "record_key",
        "编号 流水号 序号 单号 字号 户号 案号 票号 档案编号 业务编号 受理号 订单号 "
        "交易号 客票号 记录号",
        "record_no record_id serial_no order_no case_no ticket_no file_no household_no "
        "event_no bill_no payment_no row_id",
        "bh lsh xuhao dh ah",
    ),
    _class(
        "birth_date",
        "出生日期 出生年月 出生年月日 生日 出生时间",
        "birth_date birthday date_of_birth dob born born_on",
        "csrq csny",
    ),
    _class("age", "年龄 周岁 实足年龄", "age age_years", "nl"),
    _class("sex", "性别", "sex gender sex_code gender_code", "xb"),
    _class("ethnicity", "民族", "ethnicity ethnicity_code nation ethnic", "mz"),
    _class(
        "diagnosis_code",
        "诊断编码 诊断代码 疾病编码 疾病代码 疾病诊断编码",
        "diagnosis_code icd icd_code disease_code",
        "jbbm zdbm",
    ),
    _class("diagnosis_text", "诊断 诊断名称 病情 主诉 现病史", "diagnosis symptoms", "zd bq"),
    _class(
        "county_code",
        "行政区划 行政区划代码 所在县 所在地 参保地 登记地 户籍地 发证地 发卡地 事发地 归属地",
        "county_code region_code district_code area_code",
        "xzqh xzqhdm qhdm",
    ),
    _class(
        "movement_place",
        "出发站 到达站 入口站 出口站 上车站 下车站 卡口 卡口名称",
        "from_station to_station entry_station exit_station checkpoint",
        "cfz ddz rkz ckz",
    ),
    _class(
        "position",
        "经度 纬度 经纬度 坐标 位置坐标 GPS坐标 定位 GPS",
        "longitude latitude lng lon lat lnglat gps coordinates geo_point",
        "jd wd jwd",
    ),
    _class(
        "event_time",
        "时间 时刻",
        "at time timestamp datetime",
        "sj",
    ),
    _class(
        "event_date",
        "日期 有效期 有效期至 有效期止 有效期限 年月日 期限",
        "on date day due_on until",
        "rq yxq",
    ),
    _class(
        "amount",
        "金额 数量 费 费用 收入 支出 工资 人数 人口 次数 余额 合计 总额 月数 待遇 支付",
        "amount fee income total price count paid balance quantity",
        "je sl",
    ),
    _class(
        "status_code",
        "状态 类型 类别 种类 等级 代码 标志 方式 原因 结果 性质 长度 位数",
        "status type kind category level code flag",
        "zt lx lb dj",
    ),
    _class(
        "company_code",
        "统一社会信用代码 社会信用代码 信用代码 组织机构代码 纳税人识别号 税号",
        "credit_code uscc employer_code company_code tax_no unified_social_credit_code",
        "tyshxydm shxydm xydm zzjgdm nsrsbh",
    ),
    _class(
        "not_personal",
        "单位名称 机构名称 企业名称 公司名称 药品名称 岗位名称 项目名称 部门名称 品名 "
        "规格 型号 名称",
        "company_name employer_name institution_name drug_name org_name",
        "dwmc jgmc qymc",
    ),
    _class(
        "free_text",
        "备注 说明 简介 描述 案情 简要案情 内容 意见 诉求 经过",
        "remark remarks note notes memo comment description narrative content",
        "bz sm ms nr",
    ),
)  # fmt: skip

ALONE = {"name": "person_name"}
"""English words that say too little behind others, and something alone."""

ORGANISATION = ("机构", "单位", "企业", "公司", "医院", "学校", "药店", "网点", "窗口")
ORGANISATION_ENGLISH = (
    "institution", "employer", "company", "organisation", "organization", "hospital",
    "school", "pharmacy", "agency", "branch",
)  # fmt: skip
"""In a column's or a table's names: what is reached or lies there is no person."""

SMALL, LARGE = "一般", "重要"


def level(name: str) -> str:
    """The classification of a column of this class (GB/T 43697: 一般 or 重要)."""
    return LARGE if SEMANTIC_TYPES[name] == PERSONAL_SENSITIVE else SMALL
