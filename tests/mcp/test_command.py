"""`otel-worker mcp`: how it starts and ends, and over HTTP, whom it lets in."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from mcp.client import Client

from otel_worker_cli.mcp.http import PATH
from tests.cli.command import WAIT_SECONDS, CommandLine
from tests.cli.http_collector import HttpCollector, http_collector
from tests.cli.shop import Shop
from tests.e2e.collector import http_client
from tests.mcp.session import Server, over_http, over_stdio, started

TOKEN = "a-token-of-its-own"
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "initialize",
    "params": {
        "protocolVersion": "2025-06-18",
        "capabilities": {},
        "clientInfo": {"name": "tests", "version": "1"},
    },
}
HEADERS = {"Accept": "application/json, text/event-stream"}


@pytest.fixture(scope="module")
def stored() -> Iterator[tuple[HttpCollector, Shop]]:
    """Yield a collector with a trace."""
    with http_collector() as collector, http_client(collector.url, collector.token) as client:
        yield collector, Shop().store(client)


@pytest.fixture(scope="module")
def open_url(stored: tuple[HttpCollector, Shop], tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of a server that asks for no token."""
    with started(tmp_path_factory.mktemp("open"), stored[0].url, stored[0].token) as url:
        yield url


def post(url: str, **headers: str) -> httpx.Response:
    """Send the first message of a client, with these headers."""
    return httpx.post(url, json=CALL, headers={**HEADERS, **headers}, trust_env=False, timeout=WAIT_SECONDS)


def get_topology(server: Server, shop: Shop) -> int:
    answer = server.call("get_trace_topology", trace_id=shop.trace_id)
    spans: int = answer["shownSpanCount"]
    return spans


def test_clients_of_before_2026(stored: tuple[HttpCollector, Shop], tmp_path: Path) -> None:
    collector, shop = stored
    assert get_topology(over_stdio(tmp_path, collector.url, collector.token, "legacy"), shop) == 3
    with over_http(tmp_path, collector.url, collector.token, mode="legacy") as server:
        assert get_topology(server, shop) == 3


def test_many_calls_at_once_over_one_connection(stored: tuple[HttpCollector, Shop], tmp_path: Path) -> None:
    collector, shop = stored

    async def work(client: Client) -> int:
        calls = [client.call_tool("get_trace_topology", {"trace_id": shop.trace_id}) for _ in range(20)]
        return sum(not result.is_error for result in await asyncio.gather(*calls))

    assert over_stdio(tmp_path, collector.url, collector.token).use(work) == 20


def test_a_profile_names_the_collector(stored: tuple[HttpCollector, Shop], tmp_path: Path) -> None:
    collector, shop = stored
    config = tmp_path / "config.toml"
    config.write_text(f'[profiles.shop]\nurl = "{collector.url}"\ntoken = "{collector.token}"\n')
    server = over_stdio(
        tmp_path, "", "", arguments=["--profile", "shop"], variables={"OTEL_WORKER_CONFIG": str(config)}
    )
    assert get_topology(server, shop) == 3


def test_pages_of_other_origins_and_other_names_are_kept_out(open_url: str) -> None:
    assert post(open_url).status_code == 200
    assert post(open_url, Host="localhost:8811").status_code == 200
    assert post(open_url, Host="rebound.example:8811").status_code == 421
    assert post(open_url, Host="127.0.0.1.rebound.example").status_code == 421
    assert post(open_url, Origin="http://localhost:6274").status_code == 200
    assert post(open_url, Origin="https://evil.example").status_code == 403
    assert post(open_url, Origin="null").status_code == 403


def test_what_is_no_call_is_refused(open_url: str) -> None:
    with httpx.Client(trust_env=False, timeout=WAIT_SECONDS, headers=HEADERS) as client:
        for method in ("GET", "DELETE", "OPTIONS"):
            response = client.request(method, open_url)
            assert (response.status_code, response.headers["Allow"]) == (405, "POST")
        assert client.post(open_url, content=b" " * 200_000).status_code == 413
        assert client.post(open_url, content="{}", headers={"Content-Type": "text/plain"}).status_code == 400
        assert client.post(open_url.removesuffix(PATH), json=CALL).status_code == 404


def test_a_token_of_its_own(stored: tuple[HttpCollector, Shop], tmp_path: Path) -> None:
    collector, shop = stored
    arguments = ("--http-token", TOKEN, "--host", "0.0.0.0", "--allowed-host", "traces.example")
    with over_http(tmp_path, collector.url, collector.token, *arguments, mcp_token=TOKEN) as server:
        url = server.url.replace("0.0.0.0", "127.0.0.1")
        for wrong in ("", TOKEN, f"Bearer {TOKEN}x", f"Bearer {collector.token}", f"Basic {TOKEN}"):
            response = post(url, **({"Authorization": wrong} if wrong else {}))
            assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, "Bearer")
        allowed = {"Authorization": f"Bearer {TOKEN}"}
        assert post(url, **allowed).status_code == 200
        assert post(url, **allowed, Host="traces.example").status_code == 200
        assert post(url, **allowed, Host="other.example").status_code == 421
        assert get_topology(server, shop) == 3


def test_others_get_in_with_a_token_only(tmp_path: Path) -> None:
    outcome = CommandLine(tmp_path).run("mcp", "--http", "--host", "0.0.0.0", "--port", "0")
    assert outcome.exit_code == 1
    assert "needs a token of its own" in outcome.stderr
    assert "OTEL_WORKER_MCP_TOKEN" in outcome.stderr


def test_a_port_that_is_taken(open_url: str, tmp_path: Path) -> None:
    port = open_url.removesuffix(PATH).rpartition(":")[2]
    outcome = CommandLine(tmp_path).run("mcp", "--http", "--port", port)
    assert outcome.exit_code == 1
    assert "--port" in outcome.stderr


def test_an_address_that_is_none(tmp_path: Path) -> None:
    outcome = CommandLine(tmp_path).run("mcp", "--url", "collector.example")
    assert outcome.exit_code == 2
    assert "https://collector.example" in outcome.stderr


def test_it_ends_with_its_client_and_writes_nothing_else_on_stdout(tmp_path: Path) -> None:
    outcome = CommandLine(tmp_path).run("mcp")
    assert (outcome.exit_code, outcome.stdout, outcome.stderr) == (0, "", "")


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    with CommandLine(tmp_path).started("mcp") as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write('{"jsonrpc":"2.0","id":1,"method":"ping"}\n')
        process.stdin.flush()
        assert process.stdout.readline()
        process.send_signal(signal.SIGINT)
        # The thread that waits for the next line ends with the line or with the client.
        process.stdin.close()
        assert process.wait(WAIT_SECONDS) == 0


def test_other_commands_do_not_wait_for_the_sdk() -> None:
    program = "import sys, otel_worker_cli.main, otel_worker_cli.commands.mcp; print('mcp' in sys.modules)"
    shown = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=WAIT_SECONDS, check=True
    )
    assert shown.stdout.strip() == "False"
