"""The manifests are what the API server takes, and start what the image knows."""

from __future__ import annotations

import re
from typing import Any

import kubernetes_validate
import pytest
import yaml

from lake_config.settings import ROOT

FOLDER = ROOT / "docker" / "kubernetes"
VERSION = "1.30"
MANIFESTS = [
    (path.name, found)
    for path in sorted(FOLDER.glob("*.yaml"))
    for found in yaml.safe_load_all(path.read_text("utf-8"))
]


def told(manifest: tuple[str, dict[str, Any]]) -> str:
    return f"{manifest[1]['kind']}-{manifest[1]['metadata']['name']}"


def fault(found: dict[str, Any]) -> str:
    """What the API's schema has against a manifest; empty when nothing."""
    try:
        kubernetes_validate.validate(found, VERSION, strict=True)
    except kubernetes_validate.ValidationError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("manifest", MANIFESTS, ids=told)
def test_it_fits_the_schema(manifest: tuple[str, dict[str, Any]]) -> None:
    assert fault(manifest[1]) == ""


def test_a_wrong_word_does_not_fit() -> None:
    assert "metadatas" in fault({**MANIFESTS[0][1], "metadatas": {}})


def pods() -> list[dict[str, Any]]:
    return [
        found["spec"]["template"]["spec"]
        for _, found in MANIFESTS
        if "template" in found.get("spec", {})
    ]


def test_no_container_may_more_than_it_must() -> None:
    assert len(pods()) == 2
    for pod in pods():
        assert pod["securityContext"]["runAsNonRoot"]
        assert not pod["automountServiceAccountToken"]
        for one in [*pod["containers"], *pod["initContainers"]]:
            held = one["securityContext"]
            assert held["readOnlyRootFilesystem"] and held["capabilities"] == {
                "drop": ["ALL"]
            }
            assert not held["allowPrivilegeEscalation"] and one["resources"]["limits"]


def test_the_image_knows_what_is_started() -> None:
    entry = (ROOT / "docker/entry").read_text("utf-8")
    known = set(re.findall(r"^([\w-]+)\)", entry, re.M))
    assert {one["args"][0] for pod in pods() for one in pod["containers"]} <= known
