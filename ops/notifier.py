"""The one door to Apprise: an address, a heading and a text; did the receiver take it?

Its own log is switched off: it names addresses, and addresses hold passwords.
"""

from __future__ import annotations

import logging
from typing import Any

logging.getLogger("apprise").setLevel(logging.CRITICAL + 1)
for _name in ("urllib3", "requests"):
    logging.getLogger(_name).setLevel(logging.CRITICAL + 1)


def usable(address: str) -> bool:
    """Does Apprise know this kind of address?"""
    return _receiver(address) is not None


def send(address: str, title: str, text: str) -> bool:
    """True when the receiver has taken the message; every trouble is False."""
    receiver = _receiver(address)
    try:
        return bool(receiver and receiver.notify(title=title, body=text))
    except Exception:
        # A plugin may fail in any way; its words may quote the address.
        return False


def _receiver(address: str) -> Any:
    import apprise

    try:
        return apprise.Apprise.instantiate(address)
    except Exception:
        return None
