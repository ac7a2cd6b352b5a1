"""学校标识码: the ten digits every school in China is known by, AABBCCCCCC: kind, province, serial number.

Source: 学校（机构）代码管理办法 (Ministry of Education, 2011) and its 编制规则; codes of provinces are the first two
digits of GB/T 2260. There is no check digit, and a code is never given twice.
"""

import re
from enum import StrEnum
from typing import Final

_DIGITS: Final = re.compile(r"[0-9]{10}")

KINDS: Final = {
    "11": "幼儿园",
    "21": "小学",
    "22": "成人小学",
    "31": "普通初中",
    "32": "职业初中",
    "33": "成人初中",
    "34": "普通高中",
    "35": "成人高中",
    "36": "中等职业学校",
    "37": "工读学校",
    "41": "普通高等学校",
    "42": "成人高等学校",
    "51": "特殊教育学校",
    "91": "培养研究生的科研机构",
    "92": "民办的其他高等教育机构",
    "93": "中等职业培训机构",
}
PROVINCES: Final = {
    "11": "北京",
    "12": "天津",
    "13": "河北",
    "14": "山西",
    "15": "内蒙古",
    "21": "辽宁",
    "22": "吉林",
    "23": "黑龙江",
    "31": "上海",
    "32": "江苏",
    "33": "浙江",
    "34": "安徽",
    "35": "福建",
    "36": "江西",
    "37": "山东",
    "41": "河南",
    "42": "湖北",
    "43": "湖南",
    "44": "广东",
    "45": "广西",
    "46": "海南",
    "50": "重庆",
    "51": "四川",
    "52": "贵州",
    "53": "云南",
    "54": "西藏",
    "61": "陕西",
    "62": "甘肃",
    "63": "青海",
    "64": "宁夏",
    "65": "新疆",
    # education statistics list 新疆生产建设兵团 beside the provinces
    "66": "新疆生产建设兵团",
    "71": "台湾",
    "81": "香港",
    "82": "澳门",
}


class CodeProblem(StrEnum):
    """What is wrong with a code."""

    DIGITS = "digits"  # not ten digits
    KIND = "kind"  # no such kind of school
    PROVINCE = "province"  # no such province


def school_code_problem(code: str) -> CodeProblem | None:
    """None for a code that has the form of a real one."""
    if not _DIGITS.fullmatch(code):
        return CodeProblem.DIGITS
    if code[:2] not in KINDS:
        return CodeProblem.KIND
    if code[2:4] not in PROVINCES:
        return CodeProblem.PROVINCE
    return None
