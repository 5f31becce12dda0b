"""Runs a notebook as an analyst would, in a folder of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

from lake_config.settings import ROOT


def executed(name: str, folder: Path) -> Any:
    """The notebook with its outputs; raises when a cell fails. Nothing is written."""
    notebook = nbformat.read(ROOT / "notebooks" / name, as_version=4)
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=120, resources=resources).execute()
    return notebook


def texts(notebook: Any) -> str:
    """Everything its cells printed or showed as text."""
    found = []
    for cell in notebook.cells:
        for output in cell.get("outputs", []):
            found.append(str(output.get("text", "")))
            found.append(str(output.get("data", {}).get("text/plain", "")))
    return "\n".join(found)


def pictures(notebook: Any) -> list[str]:
    """PNG pictures, base64."""
    return [
        output["data"]["image/png"]
        for cell in notebook.cells
        for output in cell.get("outputs", [])
        if "image/png" in output.get("data", {})
    ]
