"""A Database whose calls fail as D1's do: before they take effect, in the middle, or when all is done."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from otel_worker.cloudflare import d1
from otel_worker.errors import StorageFailure
from otel_worker.store.database import Database, Row, Statement

_SPOILED = Statement("INSERT INTO nothing_here VALUES (1)")


class Fault(NamedTuple):
    """What a call fails with: a text of D1, and how far the call gets.

    `statements` is after how many statements of a batch it fails, and nothing of it stays; None: after all
    of them, when the batch is stored and only the answer is lost.
    """

    text: str
    statements: int | None = 0


class FaultyDatabase:
    """A Database in which the calls of some numbers fail; the first one is 0.

    `calls` has for each call how many statements its batch has, or None for a query.
    """

    def __init__(self, database: Database, faults: dict[int, Fault] | None = None) -> None:
        self._database = database
        self.faults = faults or {}
        self.calls: list[int | None] = []

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        fault = self._next_fault(None)
        rows = await self._database.query(statement)
        if fault is not None:
            raise d1._translated(RuntimeError(fault.text))
        return rows

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        fault = self._next_fault(len(statements))
        if fault is None:
            return await self._database.batch(statements)
        if fault.statements is None:
            await self._database.batch(statements)
        elif fault.statements:
            try:
                await self._database.batch([*statements[: fault.statements], _SPOILED])
            except StorageFailure as error:
                raise d1._translated(RuntimeError(fault.text)) from error
            raise AssertionError("the database took a statement that is wrong")
        raise d1._translated(RuntimeError(fault.text))

    def __getattr__(self, name: str) -> Any:
        """Return what else the database knows, such as its size and what it billed."""
        return getattr(self._database, name)

    def _next_fault(self, statement_count: int | None) -> Fault | None:
        self.calls.append(statement_count)
        return self.faults.get(len(self.calls) - 1)
