"""`./lake grants`: what officers type and are told."""

from __future__ import annotations

import json

import pytest

from audit.ledger import open_ledger
from lake_config.errors import UsageError
from lake_config.settings import Settings
from ops import cli, grants
from tests.lib.gated_batch import INVENTED
from tests.lib.granted_lake import REMARKS, UNTIL, declare, granting, other, yesterday
from tests.lib.keyed_lake import OFFICERS


@pytest.fixture
def lake(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr(grants, "contract_of", lambda *_: INVENTED)
    return granting(settings, monkeypatch, REMARKS)


def typed(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    capsys.readouterr()
    cli.app(["grants", *words], standalone_mode=False)
    return capsys.readouterr().out


def test_officers_sign_and_withdraw_and_everybody_sees_it(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "待签署" in typed(capsys, "list")
    for number, officer in enumerate(OFFICERS, 1):
        told = typed(capsys, "sign", "remarks", "--officer", officer)
        assert f"{number}/2" in told and "警情分析" in told and str(UNTIL) in told
    assert "生效" in typed(capsys, "list")
    typed(capsys, "withdraw", "remarks", "--officer", "乙")
    (row,) = json.loads(typed(capsys, "list", "--json"))
    assert row["state"] == "已撤回" and row["signers"] == []
    assert row["columns"] == [
        "record_no",
        "identity_no",
        "sex",
        "remark（masked_text）",
    ]


@pytest.mark.parametrize("reason", ["警情[draft]分析", "警情[/]分析"])
def test_an_officer_reads_the_whole_reason(
    lake: Settings, capsys: pytest.CaptureFixture[str], reason: str
) -> None:
    declare(lake, other(reason=reason))
    assert reason in typed(capsys, "sign", "remarks", "--officer", "甲")


def test_what_does_not_fit_says_why(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(lake, other(columns=["home", "name"], options=None, until=yesterday()))
    told = typed(capsys, "list")
    assert "到期" in told and "“name”按策略不发布" in told
    with pytest.raises(UsageError):
        typed(capsys, "sign", "remarks", "--officer", "甲")


def test_without_grants_it_says_so(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    lake.layers.grants.unlink()
    assert typed(capsys, "list") == "没有声明任何授权。\n"


def test_what_is_served_without_its_declaration_is_listed(
    lake: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    body = {
        "ok": True, "department": "invented", "table": "remarks", "attempt": "a",
        "date": "2026-03-02", "contract": "c", "rows": 7, "files_digest": "f",
        "recipient": "office", "purpose": "research", "policy": "1", "version": 1,
        "approvals": [], "grant": "another", "until": str(UNTIL),
    }  # fmt: skip
    for grant in ("another", "one more", "another"):
        body["grant"] = grant
        open_ledger(lake).append("published", "jobs", "invented.remarks.d", body)
    told = typed(capsys, "list")
    assert told.count("仍在提供") == 1
    assert "仍在提供" in told and "office" in told and "7 行" in told
    typed(capsys, "withdraw", "remarks", "--officer", "甲")
    assert "仍在提供" not in typed(capsys, "list")
