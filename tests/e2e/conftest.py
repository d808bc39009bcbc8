"""The collectors that the end-to-end tests share: starting one takes several seconds."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import pytest

from tests.e2e.collector import Collector, running_collector

INGEST_TOKEN = "e2e-ingest-only"
READ_TOKEN = "e2e-read-only"
MAX_BODY_BYTES = 4_000_000
RETENTION_DAYS = 3
CORS_ORIGIN = "https://app.example.com"

VARIABLES = {
    "INGEST_TOKEN": INGEST_TOKEN,
    "READ_TOKEN": READ_TOKEN,
    "MAX_BODY_BYTES": str(MAX_BODY_BYTES),
    "RETENTION_DAYS": str(RETENTION_DAYS),
    "CORS_ORIGINS": CORS_ORIGIN,
}


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the collector that most tests share; each keeps to traces of its own."""
    with running_collector(tmp_path_factory.mktemp("collector"), variables=VARIABLES) as running:
        yield running


@pytest.fixture
def trace_id() -> str:
    """Return a trace id that no other test uses."""
    return secrets.token_hex(16)


@pytest.fixture
def now_unix_nano() -> int:
    """Return the present time, with digits that a double could not hold."""
    return time.time_ns() // 1_000 * 1_000 + 789
