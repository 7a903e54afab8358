"""What can go wrong when a batch is written, as the writers tell it to the journal.

WriteFault
+-- StorageDown      the database is away, locked, full or read-only; nothing of the batch is stored
+-- CommitUnknown    the connection broke during COMMIT: the journal's mark tells how it ended
+-- BadRows          the database refused the content; nothing of the batch is stored
"""

import sqlite3

import asyncpg

from trunkline.backends.storage.batch import Outcome


class WriteFault(Exception):
    """A batch could not be written."""


class StorageDown(WriteFault):
    """The database takes no writes now; nothing of the batch is stored."""


class CommitUnknown(WriteFault):
    """The connection broke during COMMIT.

    `mark` is what the journal's mark shows if the batch is stored; `outcome` is the answer in that case.
    """

    def __init__(self, reason: str, mark: int, outcome: Outcome) -> None:
        super().__init__(reason)
        self.mark = mark
        self.outcome = outcome


class BadRows(WriteFault):
    """A row breaks a constraint or does not fit its column; nothing of the batch is stored."""


# What asyncpg raises where a connection cannot be made or is of no more use; the last when it broke at a
# moment that left the driver's own state astray.
CONNECTION_FAULTS = (OSError, asyncpg.InterfaceError, asyncpg.InternalClientError)

# Result codes of SQLite that are about the database as a whole, not about what was written.
SQLITE_FAULTS = frozenset(
    {
        sqlite3.SQLITE_ERROR,  # a table is missing, say: the statements are fixed, so no row can be the cause
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_SCHEMA,
        sqlite3.SQLITE_NOTADB,
    }
)

# Classes of SQLSTATE codes (PostgreSQL manual, appendix A) that are about the server, not about the rows:
# connection, prepared plans outdated by a migration, transaction state and read-only, authorization, missing
# databases and schemas, serialization and deadlock, missing tables and rights, resources, limits and locks,
# operator intervention, system error, internal error.
_SERVER_FAULTS = frozenset({"08", "0A", "25", "28", "3D", "3F", "40", "42", "53", "55", "57", "58", "XX"})


def is_server_fault(sqlstate: str | None) -> bool:
    """Whether an error of PostgreSQL says that the server cannot work now."""
    return sqlstate is not None and sqlstate[:2] in _SERVER_FAULTS


def sqlite_code(error: BaseException | None) -> int:
    """The primary result code of an error of SQLite; SQLITE_OK for an error that SQLite did not raise."""
    code: int = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_OK)
    return code & 0xFF
