"""From nothing to a trace on the screen: the wheels, an empty environment, and the commands of the README.

How long each step takes is printed (`pytest -s`), and held to nothing.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import CommandLine, wait_for_line
from tests.e2e.collector import http_client
from tests.local.installed import Environment, own_variables, run_tool
from tests.local.running import ANY_PORTS, LocalServer

APPLICATION = """
import sys
from opentelemetry import trace
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
{import_exporter}
provider = TracerProvider(resource=Resource({{"service.name": sys.argv[1]}}))
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter()))
with provider.get_tracer("newcomer").start_as_current_span("hello") as span:
    print(f"{{span.get_span_context().trace_id:032x}}")
provider.shutdown()
"""
EXPORTERS = {
    "grpc": "from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter",
    "http": "from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter",
}


class Stopwatch:
    """Tells how long each step took."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def tell(self, step: str) -> None:
        now = time.monotonic()
        print(f"{step}: {now - self._last:.2f} s")
        self._last = now


@pytest.fixture
def server(environment: Environment, tmp_path: Path) -> Iterator[LocalServer]:
    """Yield `otel-worker serve`, as installed, with a database in a new home."""
    command = (environment.command, "serve")
    with LocalServer(ANY_PORTS, own_variables(tmp_path), command=command, cwd=tmp_path) as running:
        yield running


@pytest.fixture
def command(environment: Environment, server: LocalServer, tmp_path: Path) -> CommandLine:
    """Return the installed command, talking to the server."""
    return CommandLine(tmp_path, server.url, program=(environment.command,))


def test_a_trace_is_sent_listed_and_watched(
    environment: Environment, server: LocalServer, command: CommandLine
) -> None:
    print(f"\ninstall: {environment.install_seconds:.2f} s")
    print(next(line for line in server.log_text.splitlines() if "listens on" in line))
    watch = Stopwatch()
    with command.started("tail") as tail:
        assert tail.stdout is not None
        assert tail.stderr is not None
        wait_for_line(tail.stderr, f"Watching {server.url}")
        watch.tell("tail is watching")
        sent = command.succeed("send", "--json").document
        watch.tell("send")
        listed = command.succeed("traces", "list").stdout
        watch.tell("traces list")
        assert sent["traceId"] in listed
        assert sent["traceId"] in wait_for_line(tail.stdout, sent["traceId"])
        watch.tell("tail has it")
    assert "POST /payments" in command.succeed("traces", "get", sent["traceId"]).stdout
    with http_client(server.url, None) as client:
        page = client.get("/")
    assert (page.status_code, page.headers["Content-Type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("protocol", EXPORTERS)
def test_the_sdks_exporters_deliver(
    server: LocalServer, command: CommandLine, tmp_path: Path, protocol: str
) -> None:
    endpoint = server.url if protocol == "http" else f"http://{server.grpc_address}"
    result = subprocess.run(
        [sys.executable, "-c", APPLICATION.format(import_exporter=EXPORTERS[protocol]), f"app-{protocol}"],
        env={**own_variables(tmp_path), "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint, "NO_PROXY": "127.0.0.1"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (result.returncode, result.stderr) == (0, "")
    (trace,) = command.succeed("traces", "list", "--service", f"app-{protocol}", "--json").document
    assert trace["traceId"] == result.stdout.strip()


def test_the_module_is_the_command(environment: Environment, tmp_path: Path) -> None:
    help_text = run_tool(environment.command, "--help", seconds=60, cwd=tmp_path)
    of_module = run_tool(environment.python, "-m", "otel_worker_cli", "--help", seconds=60, cwd=tmp_path)
    assert of_module.replace("python -m otel_worker_cli", "otel-worker") == help_text
    version = run_tool(environment.python, "-m", "otel_worker_cli", "--version", seconds=60, cwd=tmp_path)
    assert version == run_tool(environment.command, "--version", seconds=60, cwd=tmp_path)


@pytest.mark.parametrize("name", ["deploy", "dev", "setup", "wrangler"])
def test_what_needs_a_checkout_says_so(environment: Environment, tmp_path: Path, name: str) -> None:
    outcome = CommandLine(tmp_path, program=(environment.command,)).run(name)
    assert (outcome.exit_code, outcome.stdout) == (1, "")
    assert outcome.stderr.startswith(
        "Error: This command runs the Worker and needs a checkout of otel-worker.\n"
    )
