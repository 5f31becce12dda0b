"""The only place where a table name or a path of the lake is made.

Zones: raw (as delivered, jobs only), staging (masked, not yet scanned), shared
(published). A test forbids making these names anywhere else. In an S3 store the same paths
are names of objects: each zone of a department is a bucket of its own (law.md L65).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import Path

CURATED = "analysts"
"""The recipient whose tables every analyst of the city may read (curated tables)."""


def batch_id(department: str, table: str, delivery_date: date) -> str:
    """Name of one delivery of one table: the same delivery always has the same name."""
    return f"{table_key(department, table)}.{delivery_date.isoformat()}"


def table_key(department: str, table: str) -> str:
    """Name of one table of a department; neither part has a dot in it."""
    return f"{department}.{table}"


def bucket(prefix: str, zone: str, department: str) -> str:
    """A bucket's name has no underscores."""
    return f"{prefix}-{zone}-{department}".replace("_", "-")


def ledger_bucket(prefix: str) -> str:
    """Where the ledger's copies lie, write-once."""
    return f"{prefix}-ledger"


def _department(zone: str) -> int:
    """Its place in a path: beyond raw the recipient comes first."""
    return 0 if zone == "raw" else 1


@dataclass(frozen=True, slots=True)
class Layers:
    """Where things lie under one LAKE_HOME (small profile: local folders)."""

    home: Path

    @property
    def zones(self) -> Path:
        return self.home / "zones"

    def zone_of(self, path: Path) -> str:
        return path.relative_to(self.zones).parts[0]

    def zone_and_department(self, path: Path) -> tuple[str, str]:
        """Whose rows these are, and how far they have come."""
        zone, *parts = path.relative_to(self.zones).parts
        return zone, parts[_department(zone)]

    def object_place(self, prefix: str, path: Path) -> tuple[str, str]:
        """Bucket and key of what lies at `path` in a zone."""
        zone, *parts = path.relative_to(self.zones).parts
        department = parts.pop(_department(zone))
        return bucket(prefix, zone, department), "/".join(parts)

    @property
    def scratch(self) -> Path:
        """Deliveries on their way into a store; each run empties its own folder."""
        return self.home / "state" / "scratch"

    @property
    def store_server(self) -> Path:
        """Data of an object store that this machine runs itself; jobs never look here."""
        return self.home / "store"

    @property
    def store_log(self) -> Path:
        """What the store says that it served, a file per day."""
        return self.home / "store_log"

    @property
    def store_verdict(self) -> Path:
        return self.home / "state" / "storage_verdict.json"

    @property
    def deletions(self) -> Path:
        """Lists of what was deleted, by the digest the ledger's certificates carry."""
        return self.home / "state" / "deletions"

    @property
    def raw(self) -> Path:
        return self.home / "zones" / "raw"

    @property
    def staging(self) -> Path:
        return self.home / "zones" / "staging"

    @property
    def shared(self) -> Path:
        return self.home / "zones" / "shared"

    @property
    def ledger(self) -> Path:
        return self.home / "ledger"

    @property
    def ledger_head(self) -> Path:
        """The signed head lies outside `ledger/`, so that an old copy of it shows."""
        return self.home / "state" / "ledger_head.json"

    @property
    def ledger_index(self) -> Path:
        """Where entries stand in the ledger, to start quicker; may be deleted."""
        return self.home / "state" / "ledger_index"

    @property
    def state(self) -> Path:
        return self.home / "state"

    @property
    def keys(self) -> Path:
        return self.home / "keys"

    @property
    def secrets(self) -> Path:
        return self.home / "secrets"

    @property
    def grants(self) -> Path:
        """What this lake grants, as it is declared; officers sign what stands there."""
        return self.home / "grants.yaml"

    @property
    def approvals(self) -> Path:
        return self.home / "state" / "approvals"

    def correction_signature(self, statement: str, officer: str) -> Path:
        """One officer's signature; both are named by digest."""
        name = f"{statement}.{officer[:16]}.json"
        return self.home / "state" / "correction_approvals" / name

    def warrant_signature(self, statement: str, officer: str) -> Path:
        """One officer's signature under what takes two; both are named by digest."""
        return self.home / "state" / "warrants" / f"{statement}.{officer[:16]}.json"

    def key_salt(self, scope: str, version: int) -> Path:
        """What one version of a scope's keys needs beside the master key, and ends with."""
        return self.keys / "pseudonyms" / scope / f"{version}.salt"

    @property
    def vaults(self) -> Path:
        """Sealed identities behind tokens; officers only, and empty unless switched on."""
        return self.home / "vault"

    def vault(self, scope: str, version: int) -> Path:
        return self.vaults / scope / f"{version}.sqlite"

    def relinks(self, scope: str) -> Path:
        """Sealed tables from old tokens to new ones, each with an end date."""
        return self.home / "relink" / scope

    def relink(self, scope: str, old: int, new: int) -> Path:
        return self.relinks(scope) / f"{old}-{new}.sealed"

    def class_signature(self, statement: str, officer: str) -> Path:
        """One officer's signature under a finding; both are named by digest."""
        name = f"{statement}.{officer[:16]}.json"
        return self.home / "state" / "class_confirmations" / name

    @property
    def canaries(self) -> Path:
        """Fingerprints of invented people who may turn up nowhere; not there by default."""
        return self.home / "state" / "canaries.json"

    @property
    def canary_key(self) -> Path:
        return self.home / "keys" / "canaries"

    @property
    def person_counts(self) -> Path:
        """What persons of each table left behind, for the count of all."""
        return self.home / "state" / "person_counts"

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def alerts(self) -> Path:
        return self.home / "logs" / "alerts.jsonl"

    def risk_page(self, batch: str) -> Path:
        """What an officer reads of the risk of one batch: counts and shares."""
        return self.home / "reports" / "risk" / f"{batch}.html"

    def review_page(self, key: str) -> Path:
        """What an officer reads of the masking of one table: decisions and counts."""
        return self.home / "reports" / "review" / f"{key}.html"

    @property
    def truth(self) -> Path:
        return self.home / "truth"

    @property
    def airflow(self) -> Path:
        return self.home / "airflow"

    @property
    def sources(self) -> Path:
        """Drop folders and databases of the simulated departments (never in production)."""
        return self.home / "sources"

    def returned(self, department: str) -> Path:
        """The department's own channel for rows the lake gives back."""
        return self.sources / department / "returned"

    @property
    def sharing_database(self) -> Path:
        return self.home / "state" / "sharing.sqlite"

    def raw_batch(self, department: str, table: str, delivery_date: date) -> Path:
        return self.raw / department / table / delivery_date.isoformat()

    def raw_attempt(
        self, department: str, table: str, delivery_date: date, attempt: str
    ) -> Path:
        """One try at landing a batch: a Delta table at version 0, never touched again.

        Beside the rows: `_delivered/` (the files as they came), `_control.json` (both
        sides' control totals, plain), `_changes/` and `_resolved/` (of a load of
        changes), `_broken_rows/` (the gate's `_row, rules`) and `_corrected/`
        (quarantined rows that pass once corrected, by replay).
        """
        return self.raw_batch(department, table, delivery_date) / attempt

    def parts(
        self, department: str, table: str, delivery_date: date, contract: str
    ) -> Path:
        """What attempts at one batch have read in parts, kept for the next of them."""
        batch = self.raw_batch(department, table, delivery_date)
        return batch / f"parts-{contract[:12]}"

    def delivered(self, attempt: Path) -> Path:
        return attempt / "_delivered"

    def control_totals(self, attempt: Path) -> Path:
        return attempt / "_control.json"

    def changes(self, attempt: Path) -> Path:
        """What changed, as it was read: a Delta table at version 0."""
        return attempt / "_changes"

    def resolved(self, attempt: Path) -> Path:
        """Of a feed: what is left of its changes when each row's last one counts."""
        return attempt / "_resolved" / "part-0.parquet"

    def broken_rows(self, attempt: Path) -> Path:
        return attempt / "_broken_rows" / "part-0.parquet"

    def corrected_rows(self, attempt: Path, replay: str) -> Path:
        """Protected as the raw rows beside them, which stay as they are."""
        return attempt / "_corrected" / f"{replay}.parquet"

    def staged(
        self,
        recipient: str,
        department: str,
        table: str,
        delivery_date: date,
        attempt: str,
    ) -> Path:
        day = delivery_date.isoformat()
        return self.staging / recipient / department / table / day / attempt

    def scanned_files(self, staged: Path) -> Path:
        """The list of the files that passed the scan, beside them."""
        return staged / "_scanned.json"

    def leases(self, recipient: str, department: str, table: str) -> Path:
        """Beside the tables, where only their publisher may write."""
        return self.shared / recipient / department / "_leases" / table

    def shared_table(self, recipient: str, department: str, table: str) -> Path:
        return self.shared / recipient / department / table
