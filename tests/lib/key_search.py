"""Looks for keys in every byte of a folder, in every form in which one could be written.

The keys are derived by the plain masker, not by the product. A finding says which key and
where, never the key.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from audit.ledger import open_ledger
from lake_config.settings import Settings
from tests.lib import plain_masker
from tests.lib.live_folders import below, content_of
from tests.lib.parquet_pages import pages

LETTERS = bytes.maketrans(b"0123456789abcdef", b"ghijklmnopqrstuv")
Findings = set[tuple[str, str]]


def forms(secret: bytes) -> set[bytes]:
    """Raw, hex, as token letters, base64 wherever it begins, as Python and JSON show it."""
    hexadecimal = secret.hex().encode()
    found = {
        secret,
        hexadecimal,
        hexadecimal.upper(),
        hexadecimal.translate(LETTERS),
        repr(secret)[2:-1].encode(),
        ", ".join(map(str, secret)).encode(),
        ",".join(map(str, secret)).encode(),
        secret[::-1],
    }
    for before in range(3):
        text = base64.b64encode(b"\0" * before + secret)
        middle = text[4 if before else 0 :].rstrip(b"=")[:-2]
        found |= {middle, middle.translate(bytes.maketrans(b"+/", b"-_"))}
    wide = {
        form.decode("latin-1").encode("utf-16-le") for form in found if form != secret
    }
    return found | wide


def secrets_of(settings: Settings) -> dict[str, bytes]:
    """Master key, every salt, and every key whose id the ledger has, with its scope's."""
    keys = settings.layers.keys
    found = {"master": base64.b64decode((keys / "master.key").read_text().split()[0])}
    for path in (keys / "pseudonyms").rglob("*.salt"):
        found[f"salt {path.parent.name} {path.stem}"] = bytes.fromhex(path.read_text())
    for event in open_ledger(settings).events("key_used"):
        for name in event.body["key_ids"]:
            scope, _, rest = name.partition(";c=")
            version = rest.rpartition(";v=")[2]
            if (keys / "pseudonyms" / scope / f"{version}.salt").exists():
                found[name] = plain_masker.secret(settings, name)
                found[f"{scope} {version}"] = plain_masker.scoped(settings, name)
    return found


def search(paths: Iterable[Path], secrets: Mapping[str, bytes]) -> Findings:
    """(key, place) of everything found in these files, Parquet pages unpacked."""
    wanted = [
        (name, form) for name, secret in secrets.items() for form in forms(secret)
    ]
    return {
        (name, place)
        for path in paths
        for place, content in _contents(path)
        for name, form in wanted
        if form in content
    }


def search_text(text: str, secrets: Mapping[str, bytes]) -> set[str]:
    """Which keys a text shows."""
    content = text.encode("utf-8", "surrogateescape")
    return {
        name
        for name, secret in secrets.items()
        if any(form in content for form in forms(secret))
    }


def everything_but_keys(settings: Settings) -> Iterator[Path]:
    """Every file of a lake outside the one folder where keys lie."""
    for path in below(settings.home):
        if path.is_file() and not path.is_relative_to(settings.layers.keys):
            yield path


def _contents(path: Path) -> Iterator[tuple[str, bytes]]:
    content = content_of(path)
    if content is None:
        return
    yield str(path), path.name.encode() + b"\n" + content
    if content[:4] == b"PAR1":
        yield f"{path} pages", b"\n".join(page.content for page in pages(content))
