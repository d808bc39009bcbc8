"""The receiver's process, from the outside."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.ports import LOOPBACK

PROGRAM = Path(__file__).with_name("receiver_process.py")

# All parts together take minutes; half an hour means that something hangs.
_LIFETIME_SECONDS = 1800.0
_STOP_SECONDS = 5.0
_TIMEOUT_SECONDS = 30.0
_POLL_SECONDS = 0.1


@dataclass(frozen=True, slots=True)
class Count:
    """What came to one path; `wire_bytes` are those of heads and bodies."""

    pushes: int = 0
    wire_bytes: int = 0
    body_bytes: int = 0

    def __sub__(self, before: Count) -> Count:
        return Count(
            self.pushes - before.pushes,
            self.wire_bytes - before.wire_bytes,
            self.body_bytes - before.body_bytes,
        )


class Receiver:
    """Use it as a context manager."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, str(PROGRAM)], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        self._watchdog = threading.Timer(_LIFETIME_SECONDS, self._process.kill)
        self._watchdog.daemon = True
        self.port = 0

    def __enter__(self) -> Receiver:
        self._watchdog.start()
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ToolingError("The receiver ended by itself.", remedy="The lines above are its own.")
        self.port = int(line)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchdog.cancel()
        self._process.kill()
        self._process.communicate(timeout=_STOP_SECONDS)

    @property
    def url(self) -> str:
        return f"http://{LOOPBACK}:{self.port}"

    def count(self, path: str) -> Count:
        """Return what came to a path."""
        counts = json.loads(self._ask("/counts"))
        return Count(*counts.get(path, ()))

    def bodies(self, path: str) -> list[str]:
        """Return the bodies that came to a path, in their order."""
        bodies: list[str] = json.loads(self._ask(f"/bodies{path}"))
        return bodies

    def wait(self, is_there: Callable[[], bool], seconds: float) -> bool:
        """Return True as soon as a condition is met, and False when it is not within a time."""
        deadline = time.monotonic() + seconds
        while not is_there():
            if time.monotonic() > deadline:
                return False
            time.sleep(_POLL_SECONDS)
        return True

    def _ask(self, target: str) -> bytes:
        connection = http.client.HTTPConnection(LOOPBACK, self.port, timeout=_TIMEOUT_SECONDS)
        try:
            connection.request("GET", target)
            return connection.getresponse().read()
        except (OSError, http.client.HTTPException) as error:
            raise ToolingError("The receiver does not answer.", detail=repr(error)) from error
        finally:
            connection.close()
