"""A service whose certificate has expired, or is another's, is told apart and not read."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from jobs.readers import rest
from lake_config.errors import SourceUnavailable
from lake_config.settings import Settings
from ops import store_certificates
from tests.lib.cards_source import CARDS, card_job, card_server


class Answering(BaseHTTPRequestHandler):
    """Whoever gets as far as this was let through."""

    def do_GET(self) -> None:  # noqa: N802 (the library's name)
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def served(folder: Path) -> Iterator[int]:
    """HTTPS on loopback with the certificate that lies in the folder."""
    store_certificates.ensure_certificates(folder)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "public.crt", folder / "private.key")
    server.socket = context.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()


def asked(
    settings: Settings, port: int, authority: Path, patch: pytest.MonkeyPatch
) -> int:
    """The answer's status when such a service is asked for a page."""
    context = ssl.create_default_context(cafile=authority)
    patch.setattr(rest, "source_authorities", lambda: context)
    table = replace(CARDS, source={"path": "/v1/cards"})
    job = replace(card_job(settings), table=table)
    with rest.client(job, f"https://127.0.0.1:{port}") as http:
        return rest._answer(job, card_server(port), http, {}).status_code


def test_one_that_is_trusted_is_read(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with served(tmp_path / "good") as port:
        good = tmp_path / "good" / "authority.pem"
        assert asked(settings, port, good, monkeypatch) == 200


@pytest.mark.parametrize("wrong", ["expired", "another's"])
def test_one_that_is_not_is_told_apart_at_once(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    trusted = store_certificates.ensure_certificates(tmp_path / "other")
    if wrong == "expired":
        trusted = tmp_path / "served" / "authority.pem"
        monkeypatch.setattr(store_certificates, "VALID", timedelta(minutes=-1))
    with served(tmp_path / "served") as port:
        with pytest.raises(SourceUnavailable, match="证书过期、名称不符或不受信任"):
            asked(settings, port, trusted, monkeypatch)
