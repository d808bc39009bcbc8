"""The local server's database: the store's contract over its two connections, and reads beside writes."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from otel_worker.store.database import Database, Statement
from otel_worker_cli.local.database import LocalDatabase, open_database, run_now
from otel_worker_cli.local.migrations import migrations_folder
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import this_checkout
from tests.contract.cases import STORE_CASES

CASE_TIMEOUT_SECONDS = 60.0
COUNT = "SELECT count(*) AS n FROM metric_services"
# Takes a good part of a second.
SLOW = """
WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 3000000)
SELECT count(*) AS n FROM numbers
"""


@pytest.fixture(scope="module")
def local_database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    """Yield one file for all cases."""
    with open_database(tmp_path_factory.mktemp("contract") / "traces.sqlite") as (database, _):
        assert isinstance(database, LocalDatabase)
        yield database


@pytest.mark.parametrize("name", STORE_CASES)
def test_contract(name: str, local_database: Database) -> None:
    asyncio.run(asyncio.wait_for(STORE_CASES[name](local_database), CASE_TIMEOUT_SECONDS))


def insert(name: str) -> list[Statement]:
    return [Statement("INSERT INTO metric_services (name) VALUES (?1)", (name,))]


def test_a_slow_read_does_not_hold_up_a_write_and_sees_none_of_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        with open_database(tmp_path / "traces.sqlite") as (database, _):
            reading = asyncio.create_task(database.query(Statement(SLOW)))
            await asyncio.sleep(0)
            for number in range(10):
                await database.batch(insert(f"service {number}"))
                await asyncio.sleep(0)
            assert not reading.done()
            assert [tuple(row) for row in await reading] == [(3_000_000,)]
            assert [tuple(row) for row in await database.query(Statement(COUNT))] == [(10,)]

    asyncio.run(scenario())


def test_a_read_sees_every_write_before_it(tmp_path: Path) -> None:
    async def scenario() -> None:
        with open_database(tmp_path / "traces.sqlite") as (database, _):
            for number in range(200):
                await database.batch(insert(f"service {number}"))
                assert [tuple(row) for row in await database.query(Statement(COUNT))] == [(number + 1,)]

    asyncio.run(scenario())


def test_memory_is_one_connection() -> None:
    with open_database(None) as (database, connection):
        assert database is connection
        run_now(database.batch(insert("service")))
        assert [tuple(row) for row in run_now(database.query(Statement(COUNT)))] == [(1,)]


def test_a_lock_is_given_back(tmp_path: Path) -> None:
    path = tmp_path / "traces.sqlite"
    for _ in range(2):
        with open_database(path), pytest.raises(ToolingError, match="Another"), open_database(path):
            raise AssertionError("it was opened twice")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(ToolingError, match="cannot be used"),
        open_database(tmp_path / "file" / "traces.sqlite"),
    ):
        raise AssertionError("it was opened")


def test_what_waits_cannot_be_run_now() -> None:
    with pytest.raises(RuntimeError, match="waits"):
        run_now(asyncio.sleep(0))


def test_the_migrations_are_those_of_the_checkout() -> None:
    assert migrations_folder() == this_checkout().root / "migrations"
