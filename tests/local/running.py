"""`otel-worker serve` as the tests run it: a process, and the same Collector as of one in workerd."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import ModuleType, TracebackType
from typing import IO, Any, cast
from urllib.parse import urlsplit

from otel_worker_cli.runtime.session import DevSession
from tests.e2e.collector import Collector, http_client, new_token

START_SECONDS = 30.0
END_SECONDS = 30.0
COMMAND = (sys.executable, "-m", "otel_worker_cli", "serve")
ANY_PORTS = ("--port", "0", "--grpc-port", "0")

_READY = "Ctrl-C ends it"


class LocalServer:
    """A running server; use it as a context manager. It has of a DevSession what the tests ask for."""

    def __init__(
        self,
        arguments: Sequence[str],
        variables: Mapping[str, str] | None = None,
        *,
        command: Sequence[str] = COMMAND,
        cwd: Path | None = None,
    ) -> None:
        """Start the command in an environment of these variables, and wait until it is ready."""
        self._output: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the server
        self.process = subprocess.Popen(
            [*command, *arguments],
            cwd=cwd,
            env={"PATH": os.environ["PATH"], **(variables or {})},
            stdout=self._output,
            stderr=subprocess.STDOUT,
            # A server stops on Ctrl-C in the terminal of the tests only by our word.
            start_new_session=True,
        )
        self._wait_until_ready()
        self.url = self._said(r"listens on (\S+)")
        self.port = int(urlsplit(self.url).port or 0)

    def __enter__(self) -> LocalServer:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill() if error else self.stop()
        self._output.close()

    @property
    def grpc_address(self) -> str:
        return self._said(r"OTLP/gRPC: (\S+)")

    @property
    def log_text(self) -> str:
        """Everything that the server has said."""
        return os.pread(self._output.fileno(), 10_000_000, 0).decode()

    @property
    def exit_code(self) -> int | None:
        return self.process.poll()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Ask the server to end, and return its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            return self.process.wait(END_SECONDS)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """End the server without a word to it."""
        self.process.kill()
        self.process.wait(END_SECONDS)

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while _READY not in self.log_text:
            if self.process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the server did not start: {self.log_text}")
            time.sleep(0.01)

    def _said(self, pattern: str) -> str:
        match = re.search(pattern, self.log_text)
        assert match, self.log_text
        return match[1]


@contextlib.contextmanager
def running_collector(
    persist_to: Path, token: str | None = None, variables: Mapping[str, str] | None = None
) -> Iterator[Collector]:
    """Start the local server over a folder of data, as tests.e2e.collector does with the Worker."""
    token = token or new_token()
    arguments = [*ANY_PORTS, "--database", str(persist_to / "traces.sqlite")]
    with (
        LocalServer(arguments, {**(variables or {}), "OTEL_WORKER_TOKEN": token}) as server,
        http_client(server.url, token) as client,
    ):
        yield as_collector(server, token, client)


@contextlib.contextmanager
def running_metrics(
    folder: Path, token: str | None = None, variables: Mapping[str, str] | None = None, port: int = 0
) -> Iterator[Collector]:
    """Start the local server, as tests.e2e.metric_collector does with the Worker; the port is any."""
    from tests.e2e.metric_collector import METRICS_TOKEN

    with running_collector(folder, token, {"METRICS_TOKEN": METRICS_TOKEN, **(variables or {})}) as running:
        yield running


def as_collector(server: LocalServer, token: str, client: Any) -> Collector:
    return Collector(cast(DevSession, server), token, client)


@contextlib.contextmanager
def replaced(*places: tuple[ModuleType, str, object]) -> Iterator[None]:
    """Let names of modules stand for something else: so tests of the Worker start the local server."""
    former = [(module, name, getattr(module, name)) for module, name, _ in places]
    for module, name, value in places:
        setattr(module, name, value)
    try:
        yield
    finally:
        for module, name, value in former:
            setattr(module, name, value)
