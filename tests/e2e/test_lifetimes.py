"""Collectors that stop, crash and run side by side: what was acknowledged is there, once."""

from __future__ import annotations

import itertools
import secrets
import threading
import time
from pathlib import Path

import httpx

from tests.e2e.collector import PROTOBUF, Collector, http_client, new_token, running_collector
from tests.e2e.otlp import export_request, make_span
from tests.e2e.sockets import next_message, open_socket

CRASHES = 3
SENDERS = 4
SPANS_PER_BATCH = 20
# How many batches have to be stored before the crash, so that it comes in the middle of the load.
BATCHES_BEFORE_CRASH = 12
WAIT_SECONDS = 60.0


class Load:
    """Threads that post batches, one trace each, until the collector is gone."""

    def __init__(self, collector: Collector) -> None:
        self.acknowledged: dict[str, bytes] = {}
        self.unanswered: dict[str, bytes] = {}
        self._collector = collector
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._send, name=f"sender {n}") for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def wait_for_batches(self, count: int) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.acknowledged) < count:
            assert time.monotonic() < deadline, f"{len(self.acknowledged)} batches were stored"
            assert any(thread.is_alive() for thread in self._threads), "every sender gave up"
            time.sleep(0.01)

    def join(self) -> None:
        self._is_over.set()
        for thread in self._threads:
            thread.join(WAIT_SECONDS)
            assert not thread.is_alive()

    def _send(self) -> None:
        with http_client(self._collector.url, self._collector.token) as client:
            while not self._is_over.is_set():
                trace_id = secrets.token_hex(16)
                body = _batch(trace_id)
                self.unanswered[trace_id] = body
                try:
                    response = client.post("/v1/traces", content=body, headers={"Content-Type": PROTOBUF})
                except httpx.HTTPError:
                    return
                # wrangler's proxy may answer 5xx for a runtime that has died: not an acknowledgement.
                if response.status_code == 200:
                    self.acknowledged[trace_id] = self.unanswered.pop(trace_id)


def _batch(trace_id: str) -> bytes:
    start = time.time_ns()
    spans = (make_span(trace_id, number, start + number) for number in range(1, SPANS_PER_BATCH + 1))
    return bytes(export_request(spans).SerializeToString())


def _stored(collector: Collector) -> dict[str, int]:
    """Return how many spans are stored of each trace, copies included, from the whole list."""
    found: dict[str, int] = {}
    path = "/v1/traces?limit=1000"
    for _ in range(100):
        response = collector.client.get(path)
        assert response.status_code == 200
        for summary in response.json():
            assert summary["traceId"] not in found
            found[summary["traceId"]] = summary["spanCount"]
        if "Link" not in response.headers:
            return found
        path = response.headers["Link"].split(">")[0].removeprefix("<")
    raise AssertionError("the list does not end")


def test_what_was_stored_is_there_after_a_restart(tmp_path: Path, trace_id: str) -> None:
    token = new_token()
    with running_collector(tmp_path, token) as first:
        assert first.export(_batch(trace_id)).status_code == 200
        before = first.get(f"/v1/traces/{trace_id}")
    with running_collector(tmp_path, token) as second:
        assert second.get(f"/v1/traces/{trace_id}") == before
        assert _stored(second) == {trace_id: SPANS_PER_BATCH}


def test_what_was_acknowledged_survives_crashes_in_the_middle_of_a_load(tmp_path: Path) -> None:
    token = new_token()
    acknowledged: dict[str, bytes] = {}
    unanswered: dict[str, bytes] = {}
    for crash in itertools.count():
        with running_collector(tmp_path, token) as collector:
            stored = _stored(collector)
            assert {trace_id: stored.get(trace_id) for trace_id in acknowledged} == dict.fromkeys(
                acknowledged, SPANS_PER_BATCH
            )
            # A batch without an answer is stored whole or not at all, and an exporter sends it again.
            assert set(stored) <= set(acknowledged) | set(unanswered)
            assert set(stored.values()) <= {SPANS_PER_BATCH}
            for trace_id, body in unanswered.items():
                assert collector.export(body).status_code == 200
                acknowledged[trace_id] = body
            unanswered = {}
            assert _stored(collector) == dict.fromkeys(acknowledged, SPANS_PER_BATCH)
            if crash == CRASHES:
                break
            load = Load(collector)
            try:
                load.wait_for_batches(BATCHES_BEFORE_CRASH)
                collector.session.kill()
            finally:
                load.join()
        acknowledged.update(load.acknowledged)
        unanswered.update(load.unanswered)
    assert len(acknowledged) >= CRASHES * BATCHES_BEFORE_CRASH


def test_two_collectors_side_by_side_do_not_mix(
    collector: Collector, tmp_path: Path, trace_id: str, now_unix_nano: int
) -> None:
    other_id = secrets.token_hex(16)
    with running_collector(tmp_path) as other:
        assert other.url != collector.url
        body = export_request([make_span(trace_id, 1, now_unix_nano)]).SerializeToString()
        other_body = export_request([make_span(other_id, 1, now_unix_nano)]).SerializeToString()
        with (
            open_socket(collector, collector.token) as socket,
            open_socket(other, other.token) as other_socket,
        ):
            assert collector.export(body).status_code == 200
            assert other.export(other_body).status_code == 200
            assert next_message(socket)["details"]["newSpans"] == [[trace_id, f"{1:016x}"]]
            assert next_message(other_socket)["details"]["newSpans"] == [[other_id, f"{1:016x}"]]
        assert collector.client.get(f"/v1/traces/{other_id}").status_code == 404
        assert other.client.get(f"/v1/traces/{trace_id}").status_code == 404
        assert list(_stored(other)) == [other_id]
        for here, there in ((collector, other), (other, collector)):
            with http_client(here.url, there.token) as client:
                assert client.get("/v1/traces").status_code == 401
                assert client.post("/v1/traces", content=body).status_code == 401
