"""The native database: SQLite through apsw, which brings a version as new as D1's own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import TracebackType

import apsw

from otel_worker.errors import IndexMissing, StorageFailure, StorageUnavailable
from otel_worker.store.database import Row, Statement

_BUSY_TIMEOUT_MS = 5_000
_SIZE = """
SELECT (page_count - freelist_count) * page_size
FROM pragma_page_count(), pragma_freelist_count(), pragma_page_size()
"""


class SqliteDatabase:
    """The Database port over one SQLite file (or ":memory:"); use it as a context manager.

    Calls run on the event loop's thread: a statement takes well under a millisecond.
    """

    def __init__(self, path: str | Path) -> None:
        self._connection = apsw.Connection(str(path))
        self._connection.set_busy_timeout(_BUSY_TIMEOUT_MS)
        # A 2xx means stored: FULL makes each commit survive a power cut, not only a crash.
        self._connection.execute("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL").fetchall()

    def __enter__(self) -> SqliteDatabase:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._connection.close()

    def migrate(self, folder: Path) -> list[str]:
        """Apply the migrations of a folder that were not applied yet, in the order of their names.

        Returns these names. Each one and the record of it are one transaction, in the table that wrangler
        uses too.
        """
        connection = self._connection
        connection.execute(
            "CREATE TABLE IF NOT EXISTS d1_migrations (id INTEGER PRIMARY KEY AUTOINCREMENT, "
            "name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL)"
        )
        applied = []
        for path in sorted(folder.glob("*.sql")):
            with connection:
                known = connection.execute("SELECT 1 FROM d1_migrations WHERE name = ?", (path.name,))
                if known.fetchone() is None:
                    connection.execute(path.read_text())
                    connection.execute("INSERT INTO d1_migrations (name) VALUES (?)", (path.name,))
                    applied.append(path.name)
        return applied

    @property
    def size_bytes(self) -> int:
        """The size of the database without its free pages, as D1 reports it."""
        return int(self._connection.execute(_SIZE).get)

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        try:
            cursor = self._connection.execute(statement.sql, statement.parameters)
            rows: list[Row] = []
            for row in cursor:
                if not rows:
                    _check_names([column[0] for column in cursor.description])
                rows.append(row)
        except apsw.Error as error:
            raise _translated(error) from error
        return rows

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        connection = self._connection
        reported: list[int] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            try:
                for statement in statements:
                    rows = connection.execute(statement.sql, statement.parameters).fetchall()
                    reported.append(len(rows))
                connection.execute("COMMIT")
            except BaseException:
                # SQLite itself rolls back some failures, a full disk among them.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        except apsw.Error as error:
            raise _translated(error) from error
        return reported


def _check_names(names: Sequence[str]) -> None:
    """Refuse what D1 would answer wrongly: see Database.query."""
    assert len(set(names)) == len(names), f"two columns have one name: {names}"
    assert not any(name.isdigit() for name in names[1:]), f"a column's name is a number: {names}"


def _translated(error: apsw.Error) -> StorageUnavailable | StorageFailure:
    if isinstance(error, apsw.BusyError | apsw.LockedError):
        return StorageUnavailable("the database is busy; send the request again later")
    if "no such table: span_terms" in str(error):
        return IndexMissing()
    return StorageFailure(f"the database refused a statement: {error}")
