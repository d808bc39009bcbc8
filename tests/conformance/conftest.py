"""One collector in workerd for all rules, and the application without transport for injected faults."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import httpx
import pytest

from tests.conformance.exchange import INGEST_TOKEN, MAX_BODY_BYTES, ORIGIN, READ_TOKEN
from tests.core.harness import Api, RecordingHub, open_database
from tests.e2e.collector import Collector, http_client, running_collector

VARIABLES = {
    "CORS_ORIGINS": ORIGIN,
    "INGEST_TOKEN": INGEST_TOKEN,
    "MAX_BODY_BYTES": str(MAX_BODY_BYTES),
    "READ_TOKEN": READ_TOKEN,
}


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the collector that all rules share; each keeps to traces of its own."""
    with running_collector(tmp_path_factory.mktemp("conformance"), variables=VARIABLES) as running:
        yield running


@pytest.fixture(scope="session")
def stranger(collector: Collector) -> Iterator[httpx.Client]:
    """Yield a client without a token."""
    with http_client(collector.url, None) as client:
        yield client


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield the application over an empty database."""
    with open_database() as database:
        yield Api(database, RecordingHub())


@pytest.fixture
def trace_id() -> str:
    """Return a trace id that no other test uses."""
    return secrets.token_hex(16)


@pytest.fixture
def start() -> int:
    """Return the present time, with digits that a double could not hold."""
    return time.time_ns() // 1_000 * 1_000 + 789
