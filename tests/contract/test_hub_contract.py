"""Runs every case of the hub contract against the hub in a process and the Durable Object in workerd."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack

import pytest

from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.session import DevSession
from otel_worker_cli.sqlite import SqliteDatabase
from tests.contract.hub_contract import hub_contract
from tests.contract.hub_harness import LocalHarness, worker_harness
from tests.contract.hub_protocol_contract import hub_protocol_contract

CASES = {**hub_contract.cases, **hub_protocol_contract.cases}


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("shard_count", [1, 3])
def test_local_hub(name: str, shard_count: int, checkout: Checkout) -> None:
    async def run() -> None:
        with ExitStack() as stack:
            databases = [stack.enter_context(SqliteDatabase(":memory:")) for _ in range(shard_count)]
            for database in databases:
                database.migrate(checkout.root / "migrations")
            await CASES[name](LocalHarness([*databases]))

    asyncio.run(run())


@pytest.mark.parametrize("name", CASES)
def test_live_hub(name: str, live_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            await CASES[name](harness)

    asyncio.run(run())


@pytest.mark.parametrize("code", [1000, 1001, 4000])
def test_the_live_hub_answers_the_closing_handshake(code: int, live_worker: DevSession) -> None:
    async def run() -> None:
        async with worker_harness(live_worker.url) as harness:
            watcher = await harness.watch()
            await watcher.connection.close(code, "bye")
            assert (watcher.connection.close_code, watcher.connection.close_reason) == (code, "bye")

    asyncio.run(run())
