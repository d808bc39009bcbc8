"""Fixtures of the core's tests, and how far they search for counterexamples."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import settings

from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import Api, RecordingHub, open_database

# The same examples in every run, and no clock: a failure here is a failure everywhere.
# HYPOTHESIS_PROFILE=thorough looks further, at other examples each time.
settings.register_profile("fast", max_examples=70, derandomize=True, deadline=None, database=None)
settings.register_profile("thorough", max_examples=3000, derandomize=False, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "fast"))


@pytest.fixture
def database() -> Iterator[SqliteDatabase]:
    """An empty database in memory."""
    with open_database() as opened:
        yield opened


@pytest.fixture
def hub() -> RecordingHub:
    """A hub that remembers."""
    return RecordingHub()


@pytest.fixture
def api(database: SqliteDatabase, hub: RecordingHub) -> Api:
    """The application over the database and the hub."""
    return Api(database, hub)
