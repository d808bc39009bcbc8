"""A real browser without a screen, and the server of a page that runs in it."""

from __future__ import annotations

import contextlib
import http.server
import json
import os
import queue
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from otel_worker_cli.runtime.process_group import ProcessGroup

# What Debian, Fedora, Google and macOS call it.
_COMMANDS = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
)
_OPTIONS = (
    "--headless",
    "--no-sandbox",  # it needs rights that root and containers do not have; the only pages are our own
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-quic",
    "--disable-sync",
    "--no-default-browser-check",
    "--no-first-run",
    "--no-proxy-server",
)
_STOP_SECONDS = 5.0
_HTML = b'<!doctype html><meta charset="utf-8"><title>page</title><script src="/page.js"></script>'


def find_chromium() -> str | None:
    """Return the command of an installed Chromium or Chrome."""
    return next(filter(None, map(shutil.which, _COMMANDS)), None)


class PageServer(http.server.ThreadingHTTPServer):
    """Serves one page with one script, and takes what the page reports to /report."""

    def __init__(self, script: bytes) -> None:
        super().__init__(("127.0.0.1", 0), _PageHandler)
        self.script = script
        self.reports: queue.Queue[dict[str, Any]] = queue.Queue()

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _PageHandler(http.server.BaseHTTPRequestHandler):
    server: PageServer

    def do_GET(self) -> None:
        if self.path == "/page.js":
            self._answer(self.server.script, "text/javascript; charset=utf-8")
        else:
            self._answer(_HTML, "text/html; charset=utf-8")

    def do_POST(self) -> None:
        report = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self._answer(b"", "text/plain")
        self.server.reports.put(report)

    def _answer(self, body: bytes, content_type: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: pytest shows what fails."""


@contextlib.contextmanager
def serving(script: bytes) -> Iterator[PageServer]:
    """Serve a page on a port, and so an origin, of its own."""
    with PageServer(script) as server:
        thread = threading.Thread(target=server.serve_forever, name="page server", daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join(_STOP_SECONDS)


@contextlib.contextmanager
def open_page(chromium: str, url: str, folder: Path) -> Iterator[ProcessGroup]:
    """Open a page in a new browser with its profile in `folder`; in the end no process of it is left."""
    browser = ProcessGroup(
        [chromium, *_OPTIONS, f"--user-data-dir={folder / 'profile'}", url],
        cwd=folder,
        environment=os.environ,
        log_path=folder / "browser.log",
        on_line=lambda _: None,
    )
    try:
        yield browser
    finally:
        browser.stop(_STOP_SECONDS)
