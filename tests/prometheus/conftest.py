"""The servers of the Prometheus tests: found on PATH or fetched, and one pair that most tests share."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.prometheus.caddy_server import CaddyServer
from tests.prometheus.prometheus_server import PrometheusServer
from tools.prometheus import Prometheus, Servers, servers

NO_OTLP_RECEIVER = (
    "Debian builds Prometheus without the OTLP receiver: put a `prometheus` of prometheus.io on PATH"
)


@dataclass(frozen=True, slots=True)
class Pair:
    """A Prometheus, and the proxy that is its only way in."""

    prometheus: PrometheusServer
    caddy: CaddyServer


@pytest.fixture(scope="session")
def programs() -> Servers:
    """Return what to start; a machine without them fails with what to do."""
    return servers()


@pytest.fixture(scope="session")
def otlp_prometheus(programs: Servers) -> Prometheus:
    """Return a Prometheus that takes OTLP."""
    if not programs.prometheus.takes_otlp:
        pytest.skip(NO_OTLP_RECEIVER)
    return programs.prometheus


@pytest.fixture(scope="session")
def pair(programs: Servers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Yield both servers of the example, running; each test keeps to names of its own."""
    folder = tmp_path_factory.mktemp("prometheus")
    with (
        PrometheusServer(programs.prometheus, folder / "prometheus") as prometheus,
        CaddyServer(
            programs.caddy, folder / "caddy", upstream=prometheus.address, token=secrets.token_hex(16)
        ) as caddy,
    ):
        yield Pair(prometheus, caddy)


@pytest.fixture(scope="session")
def otlp_pair(otlp_prometheus: Prometheus, pair: Pair) -> Pair:
    """Return the shared servers, when they take OTLP."""
    assert otlp_prometheus.takes_otlp
    return pair
