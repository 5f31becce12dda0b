"""Twelve ways in which a Delta table can be damaged on disk, each a change of its folder."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
from deltalake import DeltaTable

Damage = Callable[[Path], None]


def log(table: Path) -> Path:
    return table / "_delta_log"


def commits(table: Path) -> list[Path]:
    return sorted(log(table).glob("*[0-9].json"))


def data_file(table: Path) -> Path:
    """A file of the newest version."""
    lines = commits(table)[-1].read_text("utf-8").splitlines()
    names = sorted(
        item["add"]["path"] for item in map(json.loads, lines) if "add" in item
    )
    return table / names[0]


def rewritten(path: Path, content: bytes) -> None:
    """Also where nobody may write: whoever damages a disk asks for no leave."""
    path.unlink(missing_ok=True)
    path.write_bytes(content)


def half(path: Path) -> None:
    content = path.read_bytes()
    rewritten(path, content[: len(content) // 2])


def torn_last_checkpoint(table: Path) -> None:
    DeltaTable(str(table)).create_checkpoint()
    half(log(table) / "_last_checkpoint")


def last_checkpoint_to_nothing(table: Path) -> None:
    content = {"version": len(commits(table)) - 1, "size": 3}
    rewritten(log(table) / "_last_checkpoint", json.dumps(content).encode())


def garbage_checkpoint(table: Path) -> None:
    DeltaTable(str(table)).create_checkpoint()
    [checkpoint] = log(table).glob("*.checkpoint.parquet")
    rewritten(checkpoint, b"PAR1" + b"\0" * 200 + b"PAR1")


def empty_commit(table: Path) -> None:
    rewritten(commits(table)[-1], b"")


def torn_commit(table: Path) -> None:
    half(commits(table)[-1])


def missing_commit(table: Path) -> None:
    """The one in the middle; the only one where there is no other."""
    found = commits(table)
    found[len(found) // 2 if len(found) > 1 else 0].unlink()


def stray_files(table: Path) -> None:
    for path in (
        log(table) / ".00000000000000000009.json.tmp",
        log(table) / "_commit_0b1c.json.tmp",
        table / "part-stray.parquet",
        table / ".part-half.parquet.crc",
    ):
        path.write_bytes(b"half of it")


def truncated_file(table: Path) -> None:
    half(data_file(table))


def missing_file(table: Path) -> None:
    data_file(table).unlink()


def swapped_file(table: Path) -> None:
    """A sound file of as many rows, one cell of which is another."""
    path = data_file(table)
    rows = pq.read_table(path)
    first, kind = rows.column_names[0], rows.schema.field(0).type
    cells = rows[first].to_pylist()
    changed = pa.array([_other(cells[0]), *cells[1:]], kind)
    fresh = path.with_suffix(".fresh")
    pq.write_table(rows.set_column(0, rows.schema.field(0), changed), fresh)
    content = fresh.read_bytes()
    fresh.unlink()
    rewritten(path, content)


def _other(cell: object) -> object:
    return cell + 1 if isinstance(cell, int) else f"{cell}0"


def unreceipted_commit(table: Path) -> None:
    """Somebody else's rows in a version that no receipt names."""
    name = "part-foreign.parquet"
    shutil.copyfile(data_file(table), table / name)
    add = {
        "path": name,
        "partitionValues": {},
        "size": (table / name).stat().st_size,
        "modificationTime": 0,
        "dataChange": True,
    }
    path = log(table) / f"{len(commits(table)):020d}.json"
    path.write_text(json.dumps({"add": add}) + "\n", "utf-8")


def wrong_protocol(table: Path) -> None:
    """The newest commit asks for a reader that does not exist yet."""
    path = commits(table)[-1]
    protocol = {"protocol": {"minReaderVersion": 99, "minWriterVersion": 99}}
    lines = [
        line for line in path.read_text("utf-8").splitlines() if "protocol" not in line
    ]
    rewritten(path, "\n".join([json.dumps(protocol), *lines, ""]).encode())


DAMAGES: dict[str, Damage] = {
    "torn _last_checkpoint": torn_last_checkpoint,
    "_last_checkpoint to nothing": last_checkpoint_to_nothing,
    "garbage checkpoint": garbage_checkpoint,
    "empty commit": empty_commit,
    "torn commit": torn_commit,
    "missing commit": missing_commit,
    "stray temporary files": stray_files,
    "truncated file": truncated_file,
    "missing file": missing_file,
    "swapped content": swapped_file,
    "unreceipted commit": unreceipted_commit,
    "wrong protocol": wrong_protocol,
}
