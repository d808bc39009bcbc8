"""The two servers, each over a new file database in a folder of its own, and what they have stored."""

from __future__ import annotations

import contextlib
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import apsw

from bench.ingest.projects import TOKEN
from bench.peers.process_tree import ProcessTree
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.ports import LOOPBACK, free_port
from otel_worker_cli.runtime.process_group import ProcessGroup

OURS, PHOENIX = "otel-worker serve", "Arize Phoenix"

# Phoenix imports half a minute long on a busy machine, and migrates its database.
_START_SECONDS = 300.0
_STOP_SECONDS = 20.0
_POLL_SECONDS = 0.01
_BUSY_TIMEOUT_MS = 10_000
_SHOWN_LINES = 20


@dataclass(frozen=True, slots=True)
class Launch:
    """How a server is started, when it is ready, and how its spans are counted."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    port: int
    ready_path: str
    database: Path
    count_sql: str


def launch_ours(folder: Path) -> Launch:
    """Return the launch of this checkout's `otel-worker serve`."""
    port, database = free_port(), folder / "traces.sqlite"
    command = [sys.executable, "-m", "otel_worker_cli", "serve", "--host", LOOPBACK]
    command += ["--port", str(port), "--grpc-port", "0", "--database", str(database)]
    count_sql = "SELECT coalesce(sum(span_count), 0) FROM span_blocks"
    return Launch(OURS, command, {"OTEL_WORKER_TOKEN": TOKEN}, port, "/health", database, count_sql)


def launch_phoenix(program: Path, folder: Path) -> Launch:
    """Return the launch of Phoenix as it is installed, with nothing reported to anybody."""
    port = free_port()
    environment = {
        "PHOENIX_HOST": LOOPBACK,
        "PHOENIX_PORT": str(port),
        "PHOENIX_GRPC_PORT": str(free_port()),
        "PHOENIX_WORKING_DIR": str(folder),
        "PHOENIX_TELEMETRY_ENABLED": "false",
        "PHOENIX_ALLOW_EXTERNAL_RESOURCES": "false",
    }
    count_sql = "SELECT count(*) FROM spans"
    database = folder / "phoenix.db"
    return Launch(PHOENIX, [str(program), "serve"], environment, port, "/healthz", database, count_sql)


class Server:
    """A server that runs, and its database beside it, read only."""

    def __init__(self, launch: Launch, group: ProcessGroup) -> None:
        self.name, self.port = launch.name, launch.port
        self.processes = ProcessTree(group.pid)
        self._group = group
        self._count_sql = launch.count_sql
        self._database = apsw.Connection(str(launch.database), flags=apsw.SQLITE_OPEN_READONLY)
        self._database.set_busy_timeout(_BUSY_TIMEOUT_MS)

    def stored_spans(self) -> int:
        """Return how many spans another program finds in the database."""
        return int(self._database.execute(self._count_sql).get)

    def wait_until_stored(self, span_count: int, within_seconds: float) -> None:
        """Return as soon as the database has so many spans; raises ToolingError if it never does."""
        deadline = time.monotonic() + within_seconds
        while (found := self.stored_spans()) < span_count:
            if time.monotonic() > deadline or self._group.exit_code is not None:
                raise ToolingError(
                    f"{self.name} stored {found:,} of {span_count:,} spans within {within_seconds:.0f} s.",
                    detail="\n".join(self._group.last_lines(_SHOWN_LINES)),
                )
            time.sleep(_POLL_SECONDS)

    def close(self) -> None:
        """Close the database beside it."""
        self._database.close()


@contextlib.contextmanager
def running(launch: Launch, folder: Path) -> Iterator[Server]:
    """Start a server, wait until it is ready, and end it with all that it has started."""
    group = ProcessGroup(
        launch.command,
        cwd=folder,
        environment={"PATH": os.environ["PATH"], "HOME": str(folder), **launch.environment},
        log_path=folder / "server.log",
        on_line=lambda line: None,
    )
    try:
        _wait_until_ready(launch, group)
        with contextlib.closing(Server(launch, group)) as server:
            yield server
    finally:
        group.stop(_STOP_SECONDS)


def _wait_until_ready(launch: Launch, group: ProcessGroup) -> None:
    url = f"http://{LOOPBACK}:{launch.port}{launch.ready_path}"
    # Never through a proxy that the environment names.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + _START_SECONDS
    while group.exit_code is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError, OSError), opener.open(url, timeout=5):
            return
        time.sleep(0.1)
    raise ToolingError(f"{launch.name} did not start.", detail="\n".join(group.last_lines(_SHOWN_LINES)))
