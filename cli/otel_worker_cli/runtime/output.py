"""Turns wrangler's output into what a person wants to see: requests, the Worker's own lines, errors."""

from __future__ import annotations

import re
from collections.abc import Iterable

TERMINAL_CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

REQUEST = re.compile(
    r"^\[wrangler:info\] (?P<method>[A-Z]+) (?P<path>\S+) (?P<status>\d{3}) .*\((?P<milliseconds>\d+)ms\)$"
)

HEALTH_CHECK = "/health"
"""Asked for by the start itself, and by whatever watches over the collector."""

CHATTER = re.compile(
    r"^(?:Using secrets defined in |Using vars defined in |Your Worker has access to |Binding  |env\.\S+ \("
    r"|Attaching additional modules|[┌│├└]|⎔ |\[wrangler:info\] Ready on |\[wrangler:info\] Updated and ready"
    r"|🪵 |─|If you think this is a bug|Proxy environment variables detected|Shutting down|[╭╰])"
)
"""Lines that tell how wrangler goes about its work."""

BLOCK = re.compile(r"^(?:▲ \[WARNING\]|✘ \[ERROR\]) (?P<text>.*)$")
"""The first line of a warning or error; the lines that belong to it are indented."""

NEEDLESS_BLOCKS = (
    "Scheduled Workers are not automatically triggered",
    "The latest compatibility date supported",
    "The version of Wrangler you are using is now out-of-date",
    "Unable to fetch the `Request.cf` object",
)
"""Warnings about things that are so on purpose."""

RUNTIME_FRAME = re.compile(r"^\s+(?:at .*(?:wasm://|pyodide(?:Runtime)?-internal:).*|Error)$")
"""A JavaScript frame inside the Python runtime; the Python traceback above it says where."""


class OutputFilter:
    """Decides line by line; remembers whether it is inside a block that is hidden."""

    def __init__(self) -> None:
        self._hidden_block = False

    def shown(self, line: str) -> str | None:
        """Return the line as a person should see it, or None."""
        if not line.strip():
            return None
        if self._hidden_block and line.startswith(" "):
            return None
        self._hidden_block = False
        block = BLOCK.match(line)
        if block:
            self._hidden_block = block["text"].startswith(NEEDLESS_BLOCKS)
            return None if self._hidden_block else line
        request = REQUEST.match(line)
        if request:
            return _request_line(request)
        if CHATTER.match(line) or RUNTIME_FRAME.match(line):
            return None
        return line


def readable_lines(lines: Iterable[str]) -> list[str]:
    """Return the lines of a finished output that a person should see."""
    output_filter = OutputFilter()
    return [shown for line in lines if (shown := output_filter.shown(line)) is not None]


def _request_line(request: re.Match[str]) -> str | None:
    path = request["path"]
    if path == HEALTH_CHECK and request["status"] == "200":
        return None
    return f"{request['method']:<6} {request['status']} {request['milliseconds']:>5} ms  {path}"
