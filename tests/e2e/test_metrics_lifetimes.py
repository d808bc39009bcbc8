"""Aggregators that are killed in the middle of pushes: every acknowledged delta is counted exactly once."""

from __future__ import annotations

import itertools
import threading
import time
from pathlib import Path

import httpx

from tests.e2e.collector import Collector, http_client, new_token
from tests.e2e.metric_collector import delta, push, request_of, running_metrics, scrape, total

CRASHES = 1
SENDERS = 8
# How many pushes have to be answered before the crash, so that it comes in the middle of the load.
PUSHES_BEFORE_CRASH = 20
WAIT_SECONDS = 60.0
SERVICES = ("shop", "cart")


class Load:
    """Threads that push deltas of 1, no two bodies equal, until the collector is gone."""

    def __init__(self, collector: Collector) -> None:
        self.answered: set[bytes] = set()
        self.unanswered: set[bytes] = set()
        self._collector = collector
        self._numbers = itertools.count()
        self._is_over = threading.Event()
        self._threads = [threading.Thread(target=self._send, name=f"sender {n}") for n in range(SENDERS)]
        for thread in self._threads:
            thread.start()

    def wait_for_pushes(self, wanted: int) -> None:
        deadline = time.monotonic() + WAIT_SECONDS
        while len(self.answered) < wanted:
            assert time.monotonic() < deadline, f"{len(self.answered)} pushes were answered"
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
                number = str(next(self._numbers))
                # Its own attribute tells each body from all others.
                deltas = [delta("hits", 1), delta("last", 1, {"number": number, "at": str(time.time_ns())})]
                body = request_of(SERVICES[int(number) % 2], *deltas)
                self.unanswered.add(body)
                try:
                    answer = push(self._collector, body, client)
                except httpx.HTTPError:
                    return
                # wrangler's proxy may answer 5xx for a runtime that has died: not an acknowledgement.
                if answer.status_code == 200:
                    self.unanswered.discard(body)
                    self.answered.add(body)


def hits(collector: Collector) -> float:
    return sum(total(scrape(collector), "hits_total", job=service) for service in SERVICES)


def test_what_was_acknowledged_is_counted_once_across_crashes_and_retries(tmp_path: Path) -> None:
    token = new_token()
    counted = 0
    unanswered: set[bytes] = set()
    for crash in itertools.count():
        with running_metrics(tmp_path, token) as collector:
            assert counted <= hits(collector) <= counted + len(unanswered)
            # What an exporter does without an answer; and a second time, since that one may be lost as well.
            for body in [*unanswered, *unanswered]:
                assert push(collector, body).status_code == 200
            counted += len(unanswered)
            assert hits(collector) == counted
            if crash == CRASHES:
                break
            load = Load(collector)
            try:
                load.wait_for_pushes(PUSHES_BEFORE_CRASH)
                collector.session.kill()
            finally:
                load.join()
        counted += len(load.answered)
        unanswered = load.unanswered
    assert counted >= CRASHES * PUSHES_BEFORE_CRASH
