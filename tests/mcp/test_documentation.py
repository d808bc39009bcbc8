"""docs/mcp.md: its configurations start the server, its commands are right, and it names every tool."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mcp.client import Client

from otel_worker_cli.commands.mcp import mcp
from otel_worker_cli.mcp.bounds import MAX_ANSWER_BYTES
from otel_worker_cli.mcp.collector import MAX_READ_SPANS
from otel_worker_cli.mcp.http import PATH
from otel_worker_cli.mcp.span_details import MAX_SPANS
from otel_worker_cli.runtime.project import this_checkout
from tests.cli.http_collector import HttpCollector, http_collector
from tests.mcp.session import Server, in_process, over_stdio

TEXT = (this_checkout().root / "docs" / "mcp.md").read_text(encoding="utf-8")
_BLOCK = re.compile(r"^<!-- test: (\w+) -->\n```\w+\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_VARIABLE = re.compile(r"\$\{(?:env:|input:)?([\w-]+)\}")


def blocks(kind: str) -> list[str]:
    return [text for found, text in _BLOCK.findall(TEXT) if found == kind]


@pytest.fixture(scope="module")
def collector() -> Iterator[HttpCollector]:
    with http_collector() as running:
        yield running


def server_of(configuration: dict[str, Any]) -> dict[str, Any]:
    """Return the one server of a configuration."""
    (servers,) = (configuration[key] for key in ("mcpServers", "servers") if key in configuration)
    found: dict[str, Any] = servers["traces"]
    return found


def started_as(configuration: dict[str, Any], collector: HttpCollector, folder: Path) -> Server:
    """Return a server that is started as a client would with this configuration."""
    server = server_of(configuration)
    assert server["command"] == "otel-worker"
    command, *arguments = server["args"]
    assert command == "mcp"
    known = {
        "OTEL_WORKER_URL": collector.url,
        "OTEL_WORKER_TOKEN": collector.token,
        **{each["id"]: collector.token for each in configuration.get("inputs", ())},
    }
    variables = {
        name: _VARIABLE.sub(lambda match: known[match[1]], value)
        for name, value in server.get("env", {}).items()
    }
    # An example is no address of a collector.
    if ".example." in variables.get("OTEL_WORKER_URL", ""):
        variables["OTEL_WORKER_URL"] = collector.url
    config = folder / "config.toml"
    config.write_text(f'[profiles.production]\nurl = "{collector.url}"\ntoken = "{collector.token}"\n')
    variables["OTEL_WORKER_CONFIG"] = str(config)
    return over_stdio(folder, "", "", arguments=arguments, variables=variables)


@pytest.mark.parametrize("number", range(4))
def test_a_configuration_starts_the_server(number: int, collector: HttpCollector, tmp_path: Path) -> None:
    configurations = [json.loads(block) for block in blocks("stdio")]
    assert len(configurations) == 4
    requests = len(collector.requests)
    answer = started_as(configurations[number], collector, tmp_path).call("get_services")
    assert answer["totalCount"] == 0
    assert collector.requests[requests:] == [("GET", "/v1/services")]


def test_the_address_is_the_one_that_it_listens_on() -> None:
    (block,) = blocks("http")
    defaults = {option.name: option.default for option in mcp.params}
    assert server_of(json.loads(block)) == {
        "type": "http",
        "url": f"http://{defaults['host']}:{defaults['port']}{PATH}",
    }


def test_the_commands_are_right() -> None:
    commands = [
        line for block in blocks("command") for line in block.splitlines() if "otel-worker mcp" in line
    ]
    assert len(commands) == 2
    for line in commands:
        context = mcp.make_context("mcp", shlex.split(line)[2:])
        assert context.params["over_http"] is True


def test_it_names_every_tool_and_the_bounds(collector: HttpCollector) -> None:
    async def work(client: Client) -> list[str]:
        return [tool.name for tool in (await client.list_tools()).tools]

    rows = [line.split("|")[1] for line in TEXT.splitlines() if line.startswith("| `")]
    named = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(named) == sorted(in_process(collector.url, collector.token).use(work))
    for bound in (f"{MAX_ANSWER_BYTES:,} bytes", f"{MAX_READ_SPANS:,} spans", f"up to {MAX_SPANS} spans"):
        assert bound in TEXT.replace("\n", " ")
