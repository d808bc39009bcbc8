"""Runs every case of the store contract against SQLite, and inside workerd against real local D1."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from otel_worker.store.sharding import ShardedDatabase
from otel_worker_cli.runtime.session import DevSession
from otel_worker_cli.sqlite import SqliteDatabase
from tests.contract.cases import SHARDED_CASES, STORE_CASES

CASE_TIMEOUT_SECONDS = 60.0


@pytest.mark.parametrize("name", STORE_CASES)
def test_sqlite(name: str, sqlite_database: SqliteDatabase) -> None:
    asyncio.run(asyncio.wait_for(STORE_CASES[name](sqlite_database), CASE_TIMEOUT_SECONDS))


@pytest.mark.parametrize("name", SHARDED_CASES)
def test_sqlite_shards(name: str, sqlite_shards: ShardedDatabase) -> None:
    asyncio.run(asyncio.wait_for(SHARDED_CASES[name](sqlite_shards), CASE_TIMEOUT_SECONDS))


@pytest.mark.parametrize("name", STORE_CASES)
def test_d1(name: str, test_worker: DevSession) -> None:
    _run_in_workerd(f"cases/{name}", test_worker)


@pytest.mark.parametrize("name", SHARDED_CASES)
def test_d1_shards(name: str, test_worker: DevSession) -> None:
    _run_in_workerd(f"sharded-cases/{name}", test_worker)


def _run_in_workerd(path: str, test_worker: DevSession) -> None:
    with httpx.Client(trust_env=False, timeout=CASE_TIMEOUT_SECONDS) as client:
        response = client.post(f"{test_worker.url}/{path}")
    assert response.status_code == 200, f"{response.text}\n{test_worker.log_text[-3000:]}"
    result = response.json()
    if not result["ok"]:
        pytest.fail(result["traceback"], pytrace=False)
