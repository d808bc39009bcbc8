"""The Node process that watches, and what it received."""

from __future__ import annotations

import json
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from bench.ingest.projects import TOKEN
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.node import node_binary, node_environment

PROGRAM = Path(__file__).with_name("watchers.mjs")

# All cases together take minutes; an hour means that something hangs.
_LIFETIME_SECONDS = 3600.0
_STOP_SECONDS = 5.0
# What was sent is on its way at most as long as the collector tries to deliver it.
_ARRIVAL_SECONDS = 10.0
_POLL_SECONDS = 0.05

# What a watcher asks for, as in the details of `subscribe`.
Details = Mapping[str, object]
EVERYTHING: Details = {"batch": True}


@dataclass(frozen=True, slots=True)
class Text:
    """One text as it came to watchers: the traces it tells of, in order, and how much else it says."""

    trace_ids: Sequence[str]
    span_ids: int
    dropped: int


@dataclass(frozen=True, slots=True)
class Received:
    """What one watcher received: texts by their numbers, and when, by the monotonic clock."""

    text_numbers: Sequence[int]
    received_us: Sequence[int]
    close_code: int | None


class Watchers:
    """Any number of watchers in one process; use it as a context manager."""

    def __init__(self, port: int) -> None:
        self._process = subprocess.Popen(
            [str(node_binary()), str(PROGRAM), str(port), TOKEN],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=node_environment(),
            text=True,
            encoding="utf-8",
        )
        self._watchdog = threading.Timer(_LIFETIME_SECONDS, self._process.kill)
        self._watchdog.daemon = True

    def __enter__(self) -> Watchers:
        self._watchdog.start()
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchdog.cancel()
        self._process.kill()
        self._process.communicate(timeout=_STOP_SECONDS)

    def open(self, details: Sequence[Details]) -> None:
        """Open a watcher for each of these subscriptions; each has its acknowledgement."""
        self._do("open", details=details)

    def stall(self) -> None:
        """Have the last watcher read nothing from now on."""
        self._do("stall")

    def resume(self) -> None:
        """Have the last watcher read what is left for it, up to its end."""
        self._do("resume")

    def close(self) -> None:
        """Close all watchers with a handshake."""
        self._do("close")

    def trace_count(self) -> int:
        """Return how many updates of traces all of them together have received."""
        return int(self._do("state")["traceCount"])

    def cpu_seconds(self) -> float:
        """Return the user and system time of the process."""
        return float(self._do("state")["cpuMicroseconds"]) / 1_000_000

    def await_traces(self, count: int) -> None:
        """Return when they have received that many, or when what is missing will not come any more."""
        deadline = time.monotonic() + _ARRIVAL_SECONDS
        while self.trace_count() < count and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)

    def collect(self) -> tuple[list[Text], list[Received]]:
        """Return all texts, and what each watcher received of them."""
        answer = self._do("collect")
        texts = [Text(text["traceIds"], text["spanIds"], text["dropped"]) for text in answer["texts"]]
        return texts, [
            Received(watcher["textNumbers"], watcher["receivedMicroseconds"], watcher["closeCode"])
            for watcher in answer["watchers"]
        ]

    def _do(self, action: str, **fields: object) -> dict[str, Any]:
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps({"do": action, **fields}) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError as error:
            raise _ended() from error
        return self._answer()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise _ended()
        answer: dict[str, Any] = json.loads(line)
        return answer


def _ended() -> ToolingError:
    return ToolingError("The watchers ended by themselves.", remedy="The lines above are their own.")
