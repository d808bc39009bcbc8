"""Faults of D1, injected where the application calls its database."""

from __future__ import annotations

from otel_worker.cloudflare import d1
from tests.core.harness import Api, WatchedDatabase

# The texts of Cloudflare's page "Debug D1" after which the same call may be made again at once.
REPEATED = (
    "D1_ERROR: Network connection lost.",
    "D1_ERROR: Internal error in D1 DB storage caused object to be reset.",
    "D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.",
    "D1_ERROR: D1 DB reset because its code was updated.",
    "D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.",
    "D1_ERROR: Can't read from request stream because client disconnected.",
    "D1_ERROR: database is locked: SQLITE_BUSY",
    "D1_ERROR: internal error; reference = 0u3odos5iotccpol68ppc0eg",
)

# The texts of the same page after which only the exporter may come again, and later.
OVERLOADED = (
    "D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.",
    "D1_ERROR: D1 DB is overloaded. Requests queued for too long.",
    "D1_ERROR: D1 DB is overloaded. Too many requests queued.",
    "D1_ERROR: Too many requests queued.",
    "D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.",
    "D1_ERROR: D1 DB exceeded its CPU time limit and was reset.",
)

# The texts of faults after which the request may be sent again.
PASSING = (*REPEATED, *OVERLOADED)

# The texts of the daily limits of a free account.
QUOTA = (
    "D1_ERROR: Your account has exceeded D1's free tier daily row read limit.",
    "D1_ERROR: Your account has exceeded D1's free tier daily row write limit.",
)

# What no repetition mends, and the text of a fault that the page does not have.
LASTING = (
    "D1_TYPE_ERROR: Type 'undefined' not supported for value 'undefined'",
    "D1_COLUMN_NOTFOUND: Column not found (x)",
    'D1_EXEC_ERROR: Error in line 1: x: near "x": syntax error',
    "D1_ERROR: UNIQUE constraint failed: span_blocks.id: SQLITE_CONSTRAINT",
    "D1_ERROR: no such table: span_blocks: SQLITE_ERROR",
    "D1_ERROR: database or disk is full: SQLITE_FULL",
)


def failing_api(api: Api, text: str) -> WatchedDatabase:
    """Make every call of the database fail as D1 does with this text, and return the database.

    Put `before_batch` and `before_query` back to end the fault.
    """

    def fail() -> None:
        raise d1._translated(RuntimeError(text))

    watched = WatchedDatabase(api.database)
    watched.before_batch = watched.before_query = fail
    api.database = watched
    return watched


def heal(database: WatchedDatabase) -> None:
    """End the fault."""
    database.before_batch = database.before_query = lambda: None
