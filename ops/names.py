"""Names and places for people at a terminal: training, and the table of an evaluation."""

from __future__ import annotations

import json
import time
from pathlib import Path

import typer
from rich.console import Console
from rich.table import Table

from lake_config.settings import Settings
from privacy.names.adapters import OWN, adapter
from privacy.names.corpus import Sentence, read
from privacy.names.evaluate import ALL, Counts, evaluate, figures
from privacy.names.model import model_file, model_path, whole
from privacy.names.rates import measured
from privacy.names.span import ORGANISATION, PERSON, PLACE

CHINESE = {PERSON: "人名", PLACE: "地名", ORGANISATION: "机构", ALL: "合计"}
HEAD = ("类别", "实体数", "召回率", "精确率", "严格 F1", "字符覆盖率", "误遮率")


def train_model(settings: Settings) -> None:
    """Train and measure where that was not done yet; say where the model lies."""
    began = time.monotonic()
    path = _model(settings)
    size = path.stat().st_size / 1e6
    rates = measured(settings.cache)
    typer.echo(
        f"模型 {path}，{size:.1f} MB，用时 {time.monotonic() - began:.0f} 秒。"
        f"实测漏遮率：人名 {rates[PERSON]['leak_rate']:.1%}，"
        f"地名 {rates[PLACE]['leak_rate']:.1%}。"
    )


def _model(settings: Settings) -> Path:
    if not whole(model_path(settings.cache)):
        typer.echo("首次使用：训练姓名、地名模型（约一分钟）…", err=True)
    return model_file(settings.cache)


def show_evaluation(settings: Settings, path: Path, name: str, as_json: bool) -> None:
    """One table, for any adapter and any labelled file."""
    sentences = read(path)
    if name == OWN:
        _model(settings)
    find = adapter(name)
    began = time.monotonic()
    totals = evaluate(sentences, find([sentence.text for sentence in sentences]))
    seconds = time.monotonic() - began
    if as_json:
        typer.echo(json.dumps({kind: figures(line) for kind, line in totals.items()}))
        return
    Console(width=100).print(_table(totals))
    typer.echo(_beneath(sentences, name, seconds))


def _table(totals: dict[str, Counts]) -> Table:
    table = Table(*HEAD)
    for kind, counts in totals.items():
        recall, precision, f1, coverage, over = figures(counts).values()
        shares = (f"{recall:.3f}", f"{precision:.3f}", f"{f1:.3f}")
        masking = (f"{coverage:.1%}", f"{over:.1%}")
        table.add_row(CHINESE[kind], str(counts.entities), *shares, *masking)
    return table


def _beneath(sentences: list[Sentence], name: str, seconds: float) -> str:
    characters = sum(len(sentence.text) for sentence in sentences)
    return (
        f"{len(sentences)} 句，{characters} 字，适配器 {name.partition(':')[0]}，"
        f"{characters / max(seconds, 0.001):,.0f} 字/秒。\n"
        "严格：位置和类别都一致才算对。覆盖率：实体的字有多少会被遮住。"
        "误遮率：不属于实体的字有多少会被遮住。"
    )
