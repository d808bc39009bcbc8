"""Runs inside Pyodide: the CPU time of one stage after the other."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from host import cpuMicroseconds


class Stopwatch:
    """Takes the time of function calls, by name."""

    def __init__(self) -> None:
        self._microseconds: dict[str, int] = {}

    def run(self, stage: str, function: Callable[..., Any], *arguments: Any) -> Any:
        """Call the function and return its result."""
        started = cpuMicroseconds()
        result = function(*arguments)
        self._microseconds[stage] = int(cpuMicroseconds() - started)
        return result

    def report(self) -> str:
        """Return microseconds by stage as JSON."""
        return json.dumps(self._microseconds)
