"""The local server that most of its tests share."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.e2e.collector import Collector
from tests.e2e.conftest import VARIABLES
from tests.local.installed import Environment, build_wheels, install
from tests.local.running import running_collector


@pytest.fixture(scope="session")
def collector(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Collector]:
    """Yield a server with the variables of the Worker's tests; each test keeps to traces of its own."""
    with running_collector(tmp_path_factory.mktemp("local"), variables=VARIABLES) as running:
        yield running


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheels of this checkout, from `make dist`."""
    return build_wheels(tmp_path_factory.mktemp("dist"))


@pytest.fixture(scope="session")
def environment(wheels: Path, tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Return an environment that has nothing but the wheels and what they need."""
    return install(wheels, tmp_path_factory.mktemp("newcomer") / "environment")


@pytest.fixture
def trace_id() -> str:
    """Return a trace id that no other test uses."""
    return secrets.token_hex(16)


@pytest.fixture
def now_unix_nano() -> int:
    """Return the present time, with digits that a double could not hold."""
    return time.time_ns() // 1_000 * 1_000 + 789
