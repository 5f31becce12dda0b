"""One reader per transport: from a department's server to a frame and its totals."""

from __future__ import annotations

from jobs.readers.extract import ChangeReader, Reader
from jobs.readers.files import read_files
from jobs.readers.mysql import changed_mysql, read_mysql
from jobs.readers.postgresql import changed_postgresql, read_postgresql
from jobs.readers.rest import read_rest

READERS: dict[str, Reader] = {
    "postgresql": read_postgresql,
    "mysql": read_mysql,
    "local": read_files,
    "api": read_rest,
}
"""Server kind to reader; a further database is one entry here."""

CHANGE_READERS: dict[str, ChangeReader] = {
    "postgresql": changed_postgresql,
    "mysql": changed_mysql,
}

__all__ = ["CHANGE_READERS", "READERS"]
