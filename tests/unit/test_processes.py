"""A port that was given away is nobody else's until it is listened on."""

from __future__ import annotations

import socket

import pytest

from ops.processes import free_port, listening


def test_a_port_is_kept_for_whom_it_was_asked_for() -> None:
    """The system would hand it out again, to a server that asks for any."""
    port = free_port()
    assert not listening(port)
    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
    with socket.create_server(("127.0.0.1", port)):  # SO_REUSEADDR, as all servers
        assert listening(port)
    assert not listening(port)
