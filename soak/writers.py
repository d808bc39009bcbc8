"""Writers: threads that export over HTTP as an SDK does, and repeat a request until it is acknowledged."""

from __future__ import annotations

import http.client
import random
import threading
import time

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from otel_worker_cli.runtime.ports import LOOPBACK
from soak.ledger import ExportId, Ledger

ANSWER_SECONDS = 30.0
# How long a request is repeated: far longer than a restart of everything takes on a busy machine.
PATIENCE_SECONDS = 180.0
# Between two attempts, times a random number; short, so that requests are under way whenever the kill comes.
RETRY_SECONDS = 0.4
PAUSE_SECONDS = 0.02

# One in so many requests takes several rows of the database: all of them or none may be there.
LARGE_EVERY = 300
LARGE_SPANS, LARGE_BYTES = 40, 70_000
# One in so many acknowledged requests is sent once more, as by an exporter that did not get the answer.
RESEND_EVERY = 8
MAX_SPANS = 40
MAX_TRACES = 3

# What OTLP lets an exporter send again.
_RETRYABLE = frozenset({429, 502, 503, 504})


class UnexpectedAnswer(Exception):
    """The collector answered an export as it must not."""


class Writer(threading.Thread):
    """Exports one request after the other until `stop` is set; the last one is seen to its end."""

    def __init__(self, number: int, seed: int, port: int, token: str, ledger: Ledger, stop: threading.Event):
        super().__init__(name=f"writer {number}", daemon=True)
        self.failure: Exception | None = None
        self._number = number
        self._random = random.Random(f"{seed} writer {number}")
        self._connection = http.client.HTTPConnection(LOOPBACK, port, timeout=ANSWER_SECONDS)
        self._headers = {"Content-Type": "application/x-protobuf", "Authorization": f"Bearer {token}"}
        self._ledger = ledger
        self._stop_event = stop
        self._is_abandoned = False

    def abandon(self) -> None:
        """End soon, whatever becomes of the last request: the collector will not come back."""
        self._is_abandoned = True

    def run(self) -> None:
        """Write; what goes wrong is in `failure`."""
        number = 0
        try:
            while not self._stop_event.is_set():
                number += 1
                self._export(number)
                time.sleep(self._random.random() * PAUSE_SECONDS)
        except Exception as error:
            self.failure = error
        finally:
            self._connection.close()

    def _export(self, number: int) -> None:
        is_large = self._random.randrange(LARGE_EVERY) == 0
        span_count = LARGE_SPANS if is_large else self._random.randint(1, MAX_SPANS)
        export = ExportId(self._number, number, self._random.randint(1, MAX_TRACES), span_count)
        body = export_body(export, LARGE_BYTES if is_large else 40)
        if not self._send_until_acknowledged(body, export.trace_id(0)):
            self._ledger.give_up(export)
            return
        self._ledger.acknowledge(export)
        if self._random.randrange(RESEND_EVERY) == 0:
            self._ledger.count("resent on purpose")
            self._send_until_acknowledged(body, None)

    def _send_until_acknowledged(self, body: bytes, new_trace_id: str | None) -> bool:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            if self._send(body):
                return True
            if self._is_abandoned or time.monotonic() > deadline:
                return False
            time.sleep(self._random.random() * RETRY_SECONDS)
            if new_trace_id and self._is_stored(new_trace_id):
                # The kill came between the commit and the answer: what repeating must not store twice.
                self._ledger.count("stored before the answer was lost")
                new_trace_id = None
            self._ledger.count("repeated")

    def _is_stored(self, trace_id: str) -> bool:
        """Return whether the collector has the trace; False when it does not answer."""
        answer = self._request("GET", f"/v1/traces/{trace_id}", None)
        return answer is not None and answer[0].status == 200

    def _request(
        self, method: str, path: str, body: bytes | None
    ) -> tuple[http.client.HTTPResponse, bytes] | None:
        """Return the answer with its body, or None when there is none."""
        try:
            self._connection.request(method, path, body, self._headers)
            response = self._connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException):
            self._connection.close()
            return None

    def _send(self, body: bytes) -> bool:
        """Return whether the answer was a 200. Raises UnexpectedAnswer when it may not be sent again."""
        self._ledger.count("requests")
        answered = self._request("POST", "/v1/traces", body)
        if answered is None:
            self._ledger.count("connection lost")
            return False
        response, answer = answered
        if response.status == 200 and not answer:
            return True
        # The collector answers in the request's encoding. When its runtime is gone wrangler's proxy answers,
        # in text and with 500: that is repeated too.
        is_collectors = response.headers.get("Content-Type") == self._headers["Content-Type"]
        if response.status not in _RETRYABLE and (is_collectors or response.status != 500):
            raise UnexpectedAnswer(f"{response.status} {answer[:300]!r}")
        self._ledger.count(
            f"answered {response.status} by {'the collector' if is_collectors else 'the proxy'}"
        )
        return False


def export_body(export: ExportId, text_bytes: int) -> bytes:
    """Return the request in protobuf; each span has an attribute of so many bytes."""
    request = ExportTraceServiceRequest()
    resource_spans = request.resource_spans.add()
    service = resource_spans.resource.attributes.add(key="service.name")
    service.value.string_value = f"writer-{export.writer}"
    spans = resource_spans.scope_spans.add().spans
    now = time.time_ns()
    for index, (trace_id, span_id) in enumerate(export.span_ids()):
        span = spans.add(
            trace_id=bytes.fromhex(trace_id),
            span_id=bytes.fromhex(span_id),
            name=f"step {index % 7}",
            kind=1,
            start_time_unix_nano=now - index * 1000,
            end_time_unix_nano=now + 1_000_000,
        )
        span.attributes.add(key="soak.text").value.string_value = f"{span_id} ".ljust(text_bytes, "x")
        span.attributes.add(key="soak.index").value.int_value = index
    return bytes(request.SerializeToString())
