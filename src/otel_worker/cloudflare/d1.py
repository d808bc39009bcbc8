"""The Database port over a D1 binding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from otel_worker.errors import (
    IndexMissing,
    OtelWorkerError,
    QuotaExceeded,
    StorageFailure,
    StorageOverloaded,
    StorageUnavailable,
)
from otel_worker.store.database import Row, Statement

# Texts of D1 errors after which the same call may succeed at once (Cloudflare docs: D1, "Debug D1").
# Writing again is safe: what is stored is recognised.
_PASSING = (
    "Network connection lost",
    "storage caused object to be reset",
    "reset because its code was updated",
    "Cannot resolve D1 DB due to transient issue",
    "client disconnected",
    "SQLITE_BUSY",
    # Not in the documentation: a fault of Cloudflare's own that passes.
    "internal error; reference",
)
# The same page: repeating these at once makes them worse.
_OVERLOADED = (
    "exceeded timeout which caused object to be reset",
    "overloaded",
    "Too many requests queued",
    "exceeded its memory limit and was reset",
    "exceeded its CPU time limit and was reset",
)

_decode_rows = msgspec.json.Decoder(list[dict[str, Any]]).decode


class D1Database:
    """The Database port over D1; `binding` is the JavaScript object.

    `rows_read` and `rows_written` add up D1's own meta of all calls: what Cloudflare bills. `size_bytes` is
    the size of the database after the last one, without free pages; None before the first.
    """

    def __init__(self, binding: Any) -> None:
        self._binding = binding
        self.rows_read = 0
        self.rows_written = 0
        self.size_bytes: int | None = None

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        from js import JSON

        try:
            # Not raw(), which has no meta; the names of the columns cost nothing that could be measured.
            result = await self._prepare(statement).all()
            self._count(result.meta)
            # One text instead of a conversion per cell.
            rows = JSON.stringify(result.results)
        except Exception as error:
            raise _translated(error) from error
        return [tuple(row.values()) for row in _decode_rows(rows)]

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch; D1 runs a batch as one transaction."""
        from pyodide.ffi import to_js

        try:
            results = await self._binding.batch(to_js([self._prepare(statement) for statement in statements]))
        except Exception as error:
            raise _translated(error) from error
        reported: list[int] = []
        for result in results:
            self._count(result.meta)
            reported.append(result.results.length)
        return reported

    def _count(self, meta: Any) -> None:
        self.rows_read += meta.rows_read
        self.rows_written += meta.rows_written
        self.size_bytes = meta.size_after

    def _prepare(self, statement: Statement) -> Any:
        prepared = self._binding.prepare(statement.sql)
        return prepared.bind(*statement.parameters) if statement.parameters else prepared


def _translated(error: Exception) -> OtelWorkerError:
    text = str(error)
    if "daily row" in text:
        return QuotaExceeded("the account's daily D1 quota is used up; it is renewed at 00:00 UTC")
    if any(known in text for known in _OVERLOADED):
        return StorageOverloaded("the database has too much to do; send the request again later")
    if any(known in text for known in _PASSING):
        return StorageUnavailable("the database is not available at the moment; send the request again later")
    if "no such table: span_terms" in text:
        return IndexMissing()
    if "no such table" in text:
        return StorageFailure(
            "the database has no tables yet; apply the migrations: `wrangler d1 migrations apply DB --remote`"
        )
    return StorageFailure(f"the database refused a statement: {text[:500]}")
