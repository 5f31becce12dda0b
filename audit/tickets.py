"""Tickets as the ledger tells them: opened, handed on, settled. Pure; no clock in here.

A ticket is about one table and one matter, which `digest` names: one quality rule
(`quarantine`), one set of changes at the source (`drift`), or columns that look like more
than the contract says (`classes`). It stays open over
deliveries until something settles it, so that its clock never starts anew.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime

from audit.events import Event
from lake_config.calendar import CITY_TIME
from lake_config.layers import table_key

DRIFT, QUARANTINE, CLASSES = "drift", "quarantine", "classes"
KINDS = ("ticket", "ticket_settled", "ticket_extended", "quarantine_returned")


@dataclass(frozen=True, slots=True)
class Ticket:
    """`batch` is the first delivery it was about; days are the city's. Quarantined rows
    are handed on by a command; all else is told to the department as it is found."""

    department: str
    table: str
    batch: str
    about: str
    kinds: tuple[str, ...]
    columns: tuple[str, ...]
    digest: str
    opened: date
    handed_on: date | None = None
    extended: bool = False

    @property
    def id(self) -> str:
        """How people name it."""
        return self.digest[:8]


Key = tuple[str, str]


def open_tickets(events: Iterable[Event]) -> list[Ticket]:
    """Of the events in KINDS, oldest first."""
    found: dict[Key, Ticket] = {}
    for event in events:
        body = event.body
        key = table_key(body["department"], body["table"])
        if event.kind == "quarantine_returned":
            _hand_on(found, key, _day(event))
        elif event.kind == "ticket":
            found.setdefault((key, body["digest"]), _opened(event))
        elif event.kind == "ticket_settled":
            found.pop((key, body["digest"]), None)
        elif (place := (key, body["digest"])) in found:
            found[place] = replace(found[place], extended=True)
    return list(found.values())


def _opened(event: Event) -> Ticket:
    body, day = event.body, _day(event)
    return Ticket(
        body["department"],
        body["table"],
        event.subject,
        body["about"],
        tuple(body["kinds"]),
        tuple(body["columns"]),
        body["digest"],
        day,
        None if body["about"] == QUARANTINE else day,
    )


def _hand_on(found: dict[Key, Ticket], key: str, day: date) -> None:
    """All rows of a table go back together."""
    for place, ticket in found.items():
        if place[0] == key and ticket.handed_on is None:
            found[place] = replace(ticket, handed_on=day)


def _day(event: Event) -> date:
    return datetime.fromisoformat(event.time).astimezone(CITY_TIME).date()
