"""An OTLP endpoint on this machine that keeps what it gets, and answers as a test wants."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import NamedTuple

from google.protobuf import json_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

# Nothing takes this long; a test that waits for what never comes is to fail.
WAIT_SECONDS = 30.0


@dataclass(frozen=True)
class Received:
    """One request."""

    path: str
    headers: Mapping[str, str]
    body: str

    def parse(self) -> ExportMetricsServiceRequest:
        """Return the body, read by the official classes; unknown fields fail."""
        return json_format.Parse(self.body, ExportMetricsServiceRequest())


class Reply(NamedTuple):
    """An answer."""

    status: int = 200
    body: str = "{}"
    headers: Mapping[str, str] = {}


OK = Reply()
# No answer: the connection is closed.
HANG_UP = Reply(0)
_CHAT = (
    '{"choices": [{"message": {"content": "hello"}}], "usage": {"prompt_tokens": 12, "completion_tokens": 5}}'
)


@dataclass
class Receiver:
    """Use it as a context manager. `reply` is called for each request, in a thread of its own."""

    reply: Callable[[Received], Reply] = field(default=lambda _received: OK)
    port: int = 0

    def __post_init__(self) -> None:
        self._requests: list[Received] = []
        self._changed = threading.Condition()
        self._server = _server(self, self.port)
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def requests(self) -> list[Received]:
        with self._changed:
            return list(self._requests)

    def wait_for(self, condition: Callable[[list[Received]], bool]) -> list[Received]:
        """Return all requests so far as soon as they meet a condition."""
        with self._changed:
            assert self._changed.wait_for(lambda: condition(self._requests), WAIT_SECONDS), self._requests
            return list(self._requests)

    def take(self, received: Received) -> Reply:
        """Keep a request and return its answer; called by the server."""
        with self._changed:
            self._requests.append(received)
            self._changed.notify_all()
        return Reply(body=_CHAT) if received.path == "/chat" else self.reply(received)

    def __enter__(self) -> Receiver:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _server(receiver: Receiver, port: int) -> ThreadingHTTPServer:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            reply = receiver.take(Received(self.path, dict(self.headers.items()), body))
            if reply is HANG_UP:
                self.close_connection = True
                return
            try:
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                self.wfile.write(reply.body.encode())
            except OSError:  # the client did not wait
                self.close_connection = True

        def log_message(self, format: str, *args: object) -> None:
            """Tests read what was received, not a log."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads = True
    server.block_on_close = False
    return server
