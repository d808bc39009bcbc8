"""A Node process with Pyodide in it that measures bodies when it is asked to."""

from __future__ import annotations

import json
import subprocess
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType

from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.node import node_binary, node_environment
from otel_worker_cli.runtime.project import Checkout

INSIDE = Path(__file__).with_name("pyodide")

# Far above what all bodies take: 15 minutes mean that something hangs.
_LIFETIME_SECONDS = 900.0
_STOP_SECONDS = 5.0


class PyodideProcess:
    """Runs one module of `pyodide/` with a heap of its own; use it as a context manager."""

    def __init__(self, checkout: Checkout, module: str, mounts: Mapping[str, Path]) -> None:
        mounted = {"/measure": INSIDE, **mounts}
        self._process = subprocess.Popen(
            [
                str(node_binary()),
                str(INSIDE / "run.mjs"),
                str(checkout.node_modules / "pyodide" / "pyodide.mjs"),
                module,
                json.dumps({inside: str(outside) for inside, outside in mounted.items()}),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=node_environment(),
            text=True,
            encoding="utf-8",
        )
        self._watchdog = threading.Timer(_LIFETIME_SECONDS, self._process.kill)
        self._watchdog.daemon = True

    def __enter__(self) -> PyodideProcess:
        self._watchdog.start()
        self._answer()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._watchdog.cancel()
        self._process.kill()
        self._process.communicate(timeout=_STOP_SECONDS)

    def measure(self, encoding: str, path: str) -> Mapping[str, int]:
        """Return microseconds by stage for the body at a path inside of Pyodide."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"encoding": encoding, "path": path}) + "\n")
        self._process.stdin.flush()
        microseconds: dict[str, int] = json.loads(self._answer())
        return microseconds

    def _answer(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ToolingError("Pyodide ended by itself.", remedy="The lines above are its own.")
        return line
