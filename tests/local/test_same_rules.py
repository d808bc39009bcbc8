"""The rules of OTLP/HTTP (docs/conformance.md), against the local server."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from tests.conformance.conftest import VARIABLES
from tests.conformance.test_browsers_and_versions import *  # noqa: F403
from tests.conformance.test_compression import *  # noqa: F403
from tests.conformance.test_content_type import *  # noqa: F403
from tests.conformance.test_errors import *  # noqa: F403
from tests.conformance.test_golden import *  # noqa: F403
from tests.conformance.test_ids import *  # noqa: F403
from tests.conformance.test_json import *  # noqa: F403
from tests.conformance.test_model import *  # noqa: F403
from tests.conformance.test_success import *  # noqa: F403
from tests.conformance.test_transport import *  # noqa: F403
from tests.core.harness import Api, RecordingHub, open_database
from tests.e2e.collector import Collector, http_client
from tests.local.running import running_collector


@pytest.fixture(scope="module")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield the server that all rules share; each keeps to traces of its own."""
    with running_collector(tmp_path_factory.mktemp("rules"), variables=VARIABLES) as running:
        yield running


@pytest.fixture(scope="module")
def stranger(collector: Collector) -> Iterator[httpx.Client]:
    """Yield a client without a token."""
    with http_client(collector.url, None) as client:
        yield client


@pytest.fixture
def api() -> Iterator[Api]:
    """Yield the application over an empty database, for the rules that no server can be asked about."""
    with open_database() as database:
        yield Api(database, RecordingHub())


@pytest.fixture
def start() -> int:
    """Return the present time, with digits that a double could not hold."""
    return time.time_ns() // 1_000 * 1_000 + 789
