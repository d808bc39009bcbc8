"""A server that we did not write, as the tests run it: started, awaited, stopped, killed, started again."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx

from otel_worker_cli.runtime.process_group import ProcessGroup

START_SECONDS = 60.0
"""Far above the second that a start takes: a machine under load is no failure."""

STOP_SECONDS = 20.0
REQUEST_SECONDS = 30.0
SHOWN_LOG_LINES = 40


class ServerFailed(AssertionError):
    """A server did not start or has ended; the message has the end of its log."""


class ServerProcess:
    """One server with its folder. As a context manager it runs inside the block, and never after it."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        folder: Path,
        ready_url: str,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        """Take the command, and the URL that answers below 500 as soon as requests are served."""
        self.name = name
        self.command = list(command)
        self.folder = folder
        self.ready_url = ready_url
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), **(environment or {})}
        self._starts = 0
        self._group: ProcessGroup | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """The id of the running server."""
        assert self._group is not None, f"{self.name} does not run"
        return self._group.pid

    def start(self) -> None:
        """Start it and wait until it serves requests; raise ServerFailed with its log when it does not."""
        assert self._group is None, f"{self.name} runs already"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._starts += 1
        self._group = ProcessGroup(
            self.command,
            cwd=self.folder,
            environment=self.environment,
            log_path=self._log_path(self._starts),
            on_line=lambda _line: None,
        )
        try:
            self._await_ready(self._group)
        except BaseException:
            self.kill()
            raise

    def stop(self) -> None:
        """Ask it to end, as an operator does; nothing when it does not run."""
        if self._group is not None:
            self._group.stop(STOP_SECONDS)
            self._group = None

    def kill(self) -> None:
        """End it at once, as a crash does; nothing when it does not run."""
        if self._group is not None:
            self._group.kill()
            self._group = None

    def restart(self) -> None:
        """Stop it and start it again, over the same data and on the same port."""
        self.stop()
        self.start()

    def log(self) -> str:
        """Return what it has printed, in all its runs."""
        paths = [self._log_path(number) for number in range(1, self._starts + 1)]
        return "".join(path.read_text(encoding="utf-8") for path in paths if path.exists())

    def failure(self, problem: str) -> ServerFailed:
        """Return an error to raise, with the end of the log."""
        lines = self.log().splitlines()[-SHOWN_LOG_LINES:]
        return ServerFailed("\n".join([f"{self.name}: {problem}", *(f"    {line}" for line in lines)]))

    def _log_path(self, number: int) -> Path:
        return self.folder / f"{self.name}-{number}.log"

    def _await_ready(self, group: ProcessGroup) -> None:
        deadline = time.monotonic() + START_SECONDS
        with local_client() as client:
            while time.monotonic() < deadline:
                if group.exit_code is not None:
                    raise self.failure(f"ended with code {group.exit_code} while it started")
                if _answers(client, self.ready_url):
                    return
                time.sleep(0.05)
        raise self.failure(f"does not answer at {self.ready_url} after {START_SECONDS:g} s")


def local_client(base_url: str = "") -> httpx.Client:
    """Return an HTTP client that asks no proxy, whatever the environment says."""
    return httpx.Client(base_url=base_url, trust_env=False, timeout=REQUEST_SECONDS)


def _answers(client: httpx.Client, url: str) -> bool:
    try:
        return client.get(url).status_code < 500
    except httpx.TransportError:
        return False
