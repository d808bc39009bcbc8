"""The databases and hubs that the contracts are run against."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from otel_worker.store.sharding import ShardedDatabase
from otel_worker_cli.runtime.project import Checkout, this_checkout
from otel_worker_cli.runtime.session import DevSession
from otel_worker_cli.sqlite import SqliteDatabase
from tests.contract.hub_harness import TOKEN
from tests.workerd.project import assemble_collector, assemble_project


@pytest.fixture(scope="session")
def checkout() -> Checkout:
    return this_checkout()


@pytest.fixture(scope="session")
def sqlite_database(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[SqliteDatabase]:
    """Yield one migrated SQLite file for all cases."""
    with SqliteDatabase(tmp_path_factory.mktemp("sqlite") / "contract.sqlite") as database:
        database.migrate(checkout.root / "migrations")
        yield database


@pytest.fixture(scope="session")
def sqlite_shards(checkout: Checkout) -> Iterator[ShardedDatabase]:
    """Yield three migrated databases as one, for all cases."""
    with ExitStack() as stack:
        shards = [stack.enter_context(SqliteDatabase(":memory:")) for _ in range(3)]
        for shard in shards:
            shard.migrate(checkout.root / "migrations")
        yield ShardedDatabase(shards)


@pytest.fixture(scope="session")
def test_worker(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevSession]:
    """Yield the test Worker in workerd, with a local D1 of its own."""
    folder = tmp_path_factory.mktemp("worker")
    config = assemble_project(folder / "project", checkout)
    with DevSession.start(config, persist_to=folder / "state", ready_path="/ready") as session:
        yield session


@pytest.fixture(scope="session")
def live_worker(checkout: Checkout, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DevSession]:
    """Yield the collector whose hub misbehaves on demand, in workerd with a local D1 of its own."""
    folder = tmp_path_factory.mktemp("live")
    config = assemble_collector(folder / "project", checkout, "live_entry.py")
    with DevSession.start(config, persist_to=folder / "state", token=TOKEN, reads_dev_vars=False) as session:
        yield session
