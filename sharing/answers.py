"""Answers that refuse: uniform, in Chinese, and giving nothing away."""

from __future__ import annotations

import logging

from fastapi import Request
from fastapi.responses import JSONResponse

from lake_config.errors import AccessDenied, StoreUnavailable, TableDamaged

STORE_ERRORS = (StoreUnavailable, AccessDenied)
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store"}


class Refused(Exception):  # noqa: N818 - an answer, not an error of ours
    """An answer that gives nothing away."""

    def __init__(self, status: int, code: str, message: str) -> None:
        self.status, self.code, self.message = status, code, message


NO_TOKEN = Refused(401, "UNAUTHENTICATED", "凭据无效或已过期。")
NOT_FOUND = Refused(404, "RESOURCE_DOES_NOT_EXIST", "没有这张表，或您没有权限。")
NO_LINK = Refused(403, "PERMISSION_DENIED", "链接无效或已过期。")
DAMAGED = "这张表的文件与发布时不符，暂停提供，请联系系统管理员。"
TOO_OFTEN = Refused(429, "RESOURCE_EXHAUSTED", "请求过于频繁，请稍后再试。")


def refused(_: Request, refusal: Exception) -> JSONResponse:
    if not isinstance(refusal, Refused):
        raise refusal
    body = {"errorCode": refusal.code, "message": refusal.message}
    return JSONResponse(body, refusal.status, headers=HEADERS)


def closed(_: Request, error: Exception) -> JSONResponse:
    if isinstance(error, TableDamaged):
        body = {"errorCode": "TABLE_DAMAGED", "message": DAMAGED}
        return JSONResponse(body, 503, headers=HEADERS)
    what = "数据存储" if isinstance(error, STORE_ERRORS) else "审计账本"
    body = {"errorCode": "UNAVAILABLE", "message": f"服务暂停：{what}不可用。"}
    return JSONResponse(body, 503, headers=HEADERS)


def broken(_: Request, error: Exception) -> JSONResponse:
    logging.getLogger("sharing").error("internal error %s", type(error).__name__)
    body = {"errorCode": "INTERNAL_ERROR", "message": "服务内部错误。"}
    return JSONResponse(body, 500, headers=HEADERS)
