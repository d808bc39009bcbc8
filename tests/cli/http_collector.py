"""The application over SQLite behind a real socket, in this process: it can be made to refuse."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.harness import AUTH_TOKEN, Api, RecordingHub, open_database


class HttpCollector:
    """A collector at `url`; after `answers_left` requests it refuses the token, None: never."""

    def __init__(self, database: SqliteDatabase, url: str) -> None:
        self.api = Api(database, RecordingHub())
        self.url = url
        self.token = AUTH_TOKEN
        self.answers_left: int | None = None
        self.refusal = (401, b'{"error": {"code": "unauthenticated", "message": "refused"}}')
        # What every list is said to be, if not what is stored.
        self.listed: bytes | None = None
        self.requests: list[tuple[str, str]] = []

    def answer(self, handler: BaseHTTPRequestHandler) -> tuple[int, str, bytes, list[tuple[str, str]]]:
        """Return status, media type, body and headers for a request."""
        body = handler.rfile.read(int(handler.headers.get("Content-Length", 0)))
        self.requests.append((handler.command, handler.path))
        if self.answers_left is not None:
            if self.answers_left == 0:
                return self.refusal[0], "application/json", self.refusal[1], []
            self.answers_left -= 1
        if self.listed is not None and handler.command == "GET":
            return 200, "application/json", self.listed, []
        names = ("Content-Type", "Content-Encoding", "Accept")
        headers = {name.replace("-", "_"): handler.headers[name] for name in names if handler.headers[name]}
        authorization = handler.headers.get("Authorization")
        answer = self.api.respond(handler.command, handler.path, body, authorization=authorization, **headers)
        return answer.status, answer.content_type, answer.body, list(answer.headers)


@contextlib.contextmanager
def http_collector() -> Iterator[HttpCollector]:
    """Yield an empty collector on a free port of this machine."""

    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            with lock:
                status, media_type, body, headers = collector.answer(self)
            self.send_response(status)
            for name, value in headers:
                self.send_header(name, value)
            if media_type:
                self.send_header("Content-Type", media_type)
            # An answer without content has no length either (RFC 9110, section 8.6).
            if status != 204:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:
            """Write nothing: the tests look at `requests`."""

    # A connection that is kept open keeps a thread; the application still answers one request at a time.
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        collector = HttpCollector(open_database(), f"http://127.0.0.1:{server.server_port}")
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), name="http collector")
        thread.start()
        try:
            yield collector
        finally:
            server.shutdown()
            thread.join()
