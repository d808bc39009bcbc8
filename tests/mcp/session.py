"""An MCP server as its clients reach it, with the client of the official SDK."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import subprocess
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import httpx2
from mcp.client import Client
from mcp.client.client import ConnectMode
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client
from mcp_types import CallToolResult, TextContent

from otel_worker_cli.client import Client as CollectorClient
from otel_worker_cli.mcp.server import build_server
from tests.cli.command import COMMAND, WAIT_SECONDS, CommandLine

Result = TypeVar("Result")
Connect = Callable[[], AbstractAsyncContextManager[Client]]


@dataclass(frozen=True)
class Server:
    """A server that a client can be connected to; `url` is that of one over HTTP."""

    connect: Connect
    url: str = ""

    def use(self, work: Callable[[Client], Awaitable[Result]]) -> Result:
        """Return what a connected client makes of the server."""

        async def run() -> Result:
            async with asyncio.timeout(WAIT_SECONDS), self.connect() as client:
                return await work(client)

        return asyncio.run(run())

    def call(self, name: str, **arguments: Any) -> Any:
        """Call a tool, which has to succeed, and return its answer."""
        return self.call_all((name, arguments))[0]

    def call_all(self, *calls: tuple[str, dict[str, Any]]) -> list[Any]:
        """Call tools over one connection, and return their answers."""

        async def work(client: Client) -> list[Any]:
            return [answer_of(await client.call_tool(name, arguments)) for name, arguments in calls]

        return self.use(work)

    def fail(self, name: str, **arguments: Any) -> str:
        """Call a tool, which has to fail, and return what it says."""

        async def work(client: Client) -> CallToolResult:
            return await client.call_tool(name, arguments)

        result = self.use(work)
        assert result.is_error, text_of(result)
        return text_of(result)


def text_of(result: CallToolResult) -> str:
    """Return what a model reads of an answer."""
    (content,) = result.content
    assert isinstance(content, TextContent)
    return content.text


def answer_of(result: CallToolResult) -> Any:
    """Return an answer that is no error: the same for models and for programs."""
    text = text_of(result)
    assert not result.is_error, text
    assert json.loads(text) == result.structured_content
    return result.structured_content


def over_stdio(
    folder: Path,
    url: str,
    token: str,
    mode: ConnectMode = "auto",
    *,
    arguments: Sequence[str] = (),
    variables: Mapping[str, str] | None = None,
) -> Server:
    """Return the server as an MCP client starts it; "legacy" is the handshake of before 2026."""
    parameters = StdioServerParameters(
        command=COMMAND[0],
        args=[*COMMAND[1:], "mcp", *arguments],
        env={**CommandLine(folder, url, token).environment, **(variables or {})},
        cwd=folder,
    )
    return Server(lambda: Client(parameters, mode=mode))


@contextlib.contextmanager
def over_http(
    folder: Path, url: str, token: str, *arguments: str, mcp_token: str = "", mode: ConnectMode = "auto"
) -> Iterator[Server]:
    """Start the server over HTTP, and end it."""
    with started(folder, url, token, *arguments) as address:
        # An address to listen on is not always one to connect to.
        reachable = address.replace("0.0.0.0", "127.0.0.1")

        @contextlib.asynccontextmanager
        async def connect() -> AsyncIterator[Client]:
            headers = {"Authorization": f"Bearer {mcp_token}"} if mcp_token else {}
            async with (
                httpx2.AsyncClient(headers=headers, trust_env=False, timeout=WAIT_SECONDS) as http,
                Client(streamable_http_client(reachable, http_client=http), mode=mode) as client,
            ):
                yield client

        yield Server(connect, address)


@contextlib.contextmanager
def started(folder: Path, url: str, token: str, *arguments: str) -> Iterator[str]:
    """Run `otel-worker mcp --http`, and yield its address."""
    line = CommandLine(folder, url, token)
    with subprocess.Popen(
        [*COMMAND, "mcp", "--http", "--port", "0", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env=line.environment,
        cwd=folder,
        text=True,
    ) as process:
        # Whoever waits for a word that does not come gets the end of the output instead.
        alarm = threading.Timer(WAIT_SECONDS, process.kill)
        alarm.start()
        try:
            assert process.stderr is not None
            said = process.stderr.readline()
            assert "listens on" in said, said + process.stderr.read()
            alarm.cancel()
            yield said.split("listens on ")[1].split()[0]
            process.send_signal(signal.SIGINT)
            assert process.wait(WAIT_SECONDS) == 0
            # Refused requests are noted there.
            assert "Traceback" not in process.stderr.read()
        finally:
            alarm.cancel()
            process.kill()


def in_process(url: str, token: str, transport: httpx.AsyncBaseTransport | None = None) -> Server:
    """Return a server in this process; `transport` answers instead of a collector."""

    @contextlib.asynccontextmanager
    async def connect() -> AsyncIterator[Client]:
        async with (
            CollectorClient(url, token, transport=transport) as collector,
            Client(build_server(collector)) as client,
        ):
            yield client

    return Server(connect)
