"""The Database port over a D1 binding."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from otel_worker.errors import OtelWorkerError, QuotaExceeded, StorageFailure, StorageUnavailable
from otel_worker.store.database import Row, Statement

# Texts of D1 errors after which the same request may succeed (Cloudflare docs: D1, "Debug D1").
# Writing again is safe: what is stored is recognised.
_TRANSIENT = (
    "Network connection lost",
    "storage caused object to be reset",
    "reset because its code was updated",
    "Cannot resolve D1 DB due to transient issue",
    "client disconnected",
    "exceeded timeout which caused object to be reset",
    "overloaded",
    "Too many requests queued",
    "exceeded its memory limit and was reset",
    "exceeded its CPU time limit and was reset",
    "SQLITE_BUSY",
    # Not in the documentation: a fault of Cloudflare's own that passes.
    "internal error; reference",
)

_decode_rows = msgspec.json.Decoder(list[Row]).decode


class D1Database:
    """The Database port over D1; `binding` is the JavaScript object.

    `rows_read` and `rows_written` add up D1's own meta of all batches: what Cloudflare bills.
    """

    def __init__(self, binding: Any) -> None:
        self._binding = binding
        self.rows_read = 0
        self.rows_written = 0

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        from js import JSON

        try:
            # One text instead of a conversion per cell.
            rows = JSON.stringify(await self._prepare(statement).raw())
        except Exception as error:
            raise _translated(error) from error
        return _decode_rows(rows)

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch; D1 runs a batch as one transaction."""
        from pyodide.ffi import to_js

        try:
            results = await self._binding.batch(to_js([self._prepare(statement) for statement in statements]))
        except Exception as error:
            raise _translated(error) from error
        reported: list[int] = []
        for result in results:
            meta = result.meta
            self.rows_read += meta.rows_read
            self.rows_written += meta.rows_written
            reported.append(result.results.length)
        return reported

    def _prepare(self, statement: Statement) -> Any:
        prepared = self._binding.prepare(statement.sql)
        return prepared.bind(*statement.parameters) if statement.parameters else prepared


def _translated(error: Exception) -> OtelWorkerError:
    text = str(error)
    if "daily row" in text:
        return QuotaExceeded("the account's daily D1 quota is used up; it is renewed at 00:00 UTC")
    if any(known in text for known in _TRANSIENT):
        return StorageUnavailable("the database is not available at the moment; send the request again later")
    if "no such table" in text:
        return StorageFailure(
            "the database has no tables yet; apply the migrations: `wrangler d1 migrations apply DB --remote`"
        )
    return StorageFailure(f"the database refused a statement: {text[:500]}")
