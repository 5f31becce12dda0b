"""Pages for officers: one HTML file that needs nothing else. Every text is escaped here."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

STYLE = """<style>
body{font-family:sans-serif;line-height:1.5;color:#1a202c}
body{max-width:WIDTH;margin:2rem auto;padding:0 1.5rem}
table{border-collapse:collapse}
td,th{padding:.3rem .8rem;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}
th{white-space:nowrap;background:#f7fafc}
td{min-width:5em}
tr:hover td{background:#f7fafc}
.verdict{font-weight:bold}
</style>
"""


def head(title: str, width: str = "46rem") -> str:
    return (
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8">'
        f"<title>{escape(title)}</title>\n{STYLE.replace('WIDTH', width)}"
    )


def grid(title: str, heads: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = "".join(f"<tr>{_cells('td', row)}</tr>" for row in rows)
    first = f"<tr>{_cells('th', heads)}</tr>"
    return f"<h2>{escape(title)}</h2><table>{first}{lines}</table>"


def _cells(tag: str, texts: tuple[str, ...]) -> str:
    return "".join(f"<{tag}>{escape(text)}</{tag}>" for text in texts)
