"""The port to a SQLite database: what D1 offers, and no more."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, Protocol

Parameter = str | int | float
# The largest integer that reaches D1: Python passes a larger one to JavaScript as a BigInt, which D1 refuses.
MAX_INTEGER = 2**53 - 2
# Cells are what JSON can hold, since that is how D1 sends them; integers are exact up to MAX_INTEGER only.
Row = Sequence[Any]


class Statement(NamedTuple):
    """One SQL text with its bound values for ?1, ?2, ...; an integer MUST be at most MAX_INTEGER."""

    sql: str
    parameters: tuple[Parameter, ...] = ()


class Database(Protocol):
    """A SQLite database in which every call is one transaction.

    A passing fault (busy, restarting, connection lost) MUST be raised as StorageUnavailable, any other
    refusal as StorageFailure. After StorageFailure nothing of the call is stored; after StorageUnavailable
    all or nothing, since the answer may have been lost: a batch MUST change nothing the second time.
    """

    async def query(self, statement: Statement) -> list[Row]:
        """Return all rows of a statement that changes nothing.

        The columns MUST have different names, and none a number such as in `SELECT 1, 2`: D1 sends a row as
        an object.
        """
        ...

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """Run the statements in order, all or none, and return how many rows each one reports by RETURNING.

        D1's own count of changes is no use: it holds what FTS5 writes to its tables, a statement too late.
        `changes()` and `last_insert_rowid()` in a statement speak of the one before it.
        When it returns, the changes are durable.
        """
        ...
