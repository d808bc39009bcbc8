"""The database of the local server: one file that one server has open, read beside what is written."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

import apsw

from otel_worker.store.database import Row, Statement
from otel_worker_cli.local.migrations import migrations_folder
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.sqlite import SqliteDatabase

IN_MEMORY = ":memory:"

# What each of its tables was made by; wrangler keeps the same record.
_MIGRATIONS_TABLE = "d1_migrations"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
_APPLIED = f"SELECT name FROM {_MIGRATIONS_TABLE} ORDER BY name"  # noqa: S608 - a constant

# The system takes the lock back when its holder ends, however it ends.
_TAKE_LOCK = "PRAGMA locking_mode = EXCLUSIVE; BEGIN EXCLUSIVE"

_CHOOSE_ANOTHER = "Choose another file with --database, or keep nothing with --memory."

Result = TypeVar("Result")


class LocalDatabase:
    """The Database port over two connections to one file.

    Writes run on the event loop's thread: they take a millisecond or two, most of it waiting for the disk.
    Reads run in a thread, since a search may take 300 ms; SQLite lets them pass each other.
    """

    def __init__(self, writer: SqliteDatabase, reader: SqliteDatabase, executor: ThreadPoolExecutor) -> None:
        """`executor` has one thread: a connection is used by one thread at a time."""
        self._writer = writer
        self._reader = reader
        self._executor = executor

    @property
    def size_bytes(self) -> int:
        """See SqliteDatabase.size_bytes."""
        return self._writer.size_bytes

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query; everything stored before this call is in the answer."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._executor, lambda: run_now(self._reader.query(statement)))

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        return await self._writer.batch(statements)


@contextlib.contextmanager
def open_database(path: Path | None) -> Iterator[tuple[SqliteDatabase | LocalDatabase, SqliteDatabase]]:
    """Yield a migrated database for requests, and the connection that writes to it; None: in memory.

    A database in memory has one connection, so that a search holds up what is sent meanwhile.

    Raises ToolingError when another server has the file open, when it is of a newer version or of another
    program, and when it cannot be opened.
    """
    with contextlib.ExitStack() as stack:
        if path is None:
            writer = stack.enter_context(SqliteDatabase(IN_MEMORY))
            writer.migrate(migrations_folder())
            yield writer, writer
            return
        with _told_by_name(path):
            path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            stack.enter_context(_locked(path))
            _check_schema(path)
            writer = stack.enter_context(SqliteDatabase(path))
            writer.migrate(migrations_folder())
            reader = stack.enter_context(SqliteDatabase(path))
        # Entered last, so left first: no read is under way when the connections close.
        executor = stack.enter_context(ThreadPoolExecutor(1, thread_name_prefix="database reader"))
        yield LocalDatabase(writer, reader, executor), writer


def migrate_database(path: Path) -> list[str]:
    """Apply the migrations that a file lacks, and return their names; raises as open_database."""
    with _told_by_name(path), _locked(path):
        _check_schema(path)
        with SqliteDatabase(path) as database:
            return database.migrate(migrations_folder())


def delete_database(path: Path) -> None:
    """Remove a file with all that is stored in it; raises as open_database.

    The file of the lock stays: whoever waits at a removed one would not see those who hold the next.
    """
    with _told_by_name(path), _locked(path):
        _check_schema(path)
        for part in ("-wal", "-shm", ""):
            Path(f"{path}{part}").unlink(missing_ok=True)


def run_now(coroutine: Coroutine[Any, Any, Result]) -> Result:
    """Return what a coroutine returns that never waits: those of SqliteDatabase do not."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        result: Result = finished.value
        return result
    coroutine.close()
    raise RuntimeError("this coroutine waits for something")


@contextlib.contextmanager
def _told_by_name(path: Path) -> Iterator[None]:
    """Say of which database the system or SQLite complains."""
    try:
        yield
    except (apsw.Error, OSError) as error:
        raise ToolingError(
            f"The database {path} cannot be used.", detail=str(error), remedy=_CHOOSE_ANOTHER
        ) from error


@contextlib.contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock of a database: two servers would overwrite each other's metrics and watchers."""
    lock = apsw.Connection(f"{path}.lock")
    try:
        lock.execute(_TAKE_LOCK).fetchall()  # a cursor goes on only as it is read
    except apsw.BusyError as error:
        lock.close()
        raise ToolingError(
            f"Another `otel-worker serve` has the database {path} open.",
            remedy=f"Use that one, or end it first. {_CHOOSE_ANOTHER}",
        ) from error
    try:
        yield
    finally:
        lock.close()


def _check_schema(path: Path) -> None:
    """Refuse a file whose tables are not ours, or that a later version has changed."""
    with contextlib.closing(apsw.Connection(str(path))) as connection:
        tables = {name for (name,) in connection.execute(_TABLES)}
        if tables and _MIGRATIONS_TABLE not in tables:
            raise ToolingError(f"The database {path} belongs to another program.", remedy=_CHOOSE_ANOTHER)
        known = {migration.name for migration in migrations_folder().glob("*.sql")}
        applied = [name for (name,) in connection.execute(_APPLIED)] if tables else []
        unknown = [name for name in applied if name not in known]
    if unknown:
        raise ToolingError(
            f"The database {path} was written by a newer version of otel-worker ({unknown[-1]}).",
            remedy=f"Update otel-worker. {_CHOOSE_ANOTHER}",
        )
