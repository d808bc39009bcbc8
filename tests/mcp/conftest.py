"""A collector in workerd and natively, and the MCP server over it, over both of its transports."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.conftest import collector as collector
from tests.cli.conftest import near as near
from tests.e2e.collector import Collector
from tests.mcp.session import Server, over_http, over_stdio


@pytest.fixture(scope="session")
def http_server(collector: Collector, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """Yield `otel-worker mcp --http` over the collector."""
    with over_http(tmp_path_factory.mktemp("mcp"), collector.url, collector.token) as server:
        yield server


@pytest.fixture(params=["stdio", "http"])
def server(request: pytest.FixtureRequest, collector: Collector, tmp_path: Path) -> Server:
    """Return the MCP server over the collector, over each of its transports."""
    if request.param == "http":
        found: Server = request.getfixturevalue("http_server")
        return found
    return over_stdio(tmp_path, collector.url, collector.token)
