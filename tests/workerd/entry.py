"""The Worker under test: runs a case of the store contract on request.

POST /cases/<name>   run the case against D1: {"ok": true} or {"ok": false, "traceback": "..."}
POST /sharded-cases/<name>   run it against two other databases as one
GET  /ready          200
"""

from __future__ import annotations

import json
import traceback
from collections.abc import Awaitable, Callable
from typing import Any

from workers import Response, WorkerEntrypoint, python_to_rpc

from otel_worker.cloudflare.d1 import D1Database
from otel_worker.store.database import Database
from otel_worker.store.sharding import ShardedDatabase
from tests.contract.cases import SHARDED_CASES, STORE_CASES


class Default(WorkerEntrypoint):  # type: ignore[misc]
    """The routes above."""

    async def fetch(self, request: Any) -> Any:
        url: str = request.url
        _, _, path = url.partition("//")[2].partition("/")
        if path.startswith("cases/"):
            database = D1Database(python_to_rpc(self.env.DB))
            return _json(await _run_case(STORE_CASES[path.removeprefix("cases/")], database))
        if path.startswith("sharded-cases/"):
            shards = [D1Database(python_to_rpc(binding)) for binding in (self.env.DB_1, self.env.DB_2)]
            case = SHARDED_CASES[path.removeprefix("sharded-cases/")]
            return _json(await _run_case(case, ShardedDatabase(shards)))
        return _json({"status": "ok"})


async def _run_case(case: Callable[[Database], Awaitable[None]], database: Database) -> dict[str, Any]:
    try:
        await case(database)
    except Exception:
        return {"ok": False, "traceback": traceback.format_exc()}
    return {"ok": True}


def _json(value: dict[str, Any]) -> Any:
    return Response(json.dumps(value), headers={"Content-Type": "application/json"})
