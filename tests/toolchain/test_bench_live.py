"""How the live measurement counts: what watchers received, in which order, how late, and its tables."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random

import pytest
from websockets.sync.server import ServerConnection, serve

from bench.ingest.bodies import BodyMaker
from bench.ingest.projects import TOKEN
from bench.live.costs import WATCHER_COUNTS, Cost, Memory
from bench.live.delays import TRY_AGAIN_LATER, Busy, Case, Measured, Stalled, require_all
from bench.live.exporter import Sent, at_random, evenly, make_exports
from bench.live.receipts import Faults, delays_ms, find_faults, last_trace_id
from bench.live.tables import render
from bench.live.watchers import EVERYTHING, Received, Text, Watchers
from bench.search.tables import percentile
from otel_worker_cli.runtime.failures import ToolingError

A, B, C = "a" * 32, "b" * 32, "c" * 32
TEXTS = [Text([A], 8, 0), Text([B, C], 16, 0), Text([C, B], 16, 0), Text([], 0, 1), Text([C], 8, 0)]


def received(*text_numbers: int, close_code: int | None = None) -> Received:
    """Return a watcher that got one text a millisecond from the first second on."""
    return Received(text_numbers, [1_000_000 + 1000 * turn for turn in range(len(text_numbers))], close_code)


@pytest.mark.parametrize(
    ("share", "expected"), [(0.5, 50), (0.95, 95), (0.99, 99), (1.0, 100), (0.001, 1), (0.951, 96)]
)
def test_a_percentile_is_a_value_that_was_measured(share: float, expected: int) -> None:
    values = list(range(1, 101))
    Random(1).shuffle(values)
    assert percentile(values, share) == expected


def test_watchers_that_got_all_in_one_order_have_no_faults() -> None:
    assert find_faults(TEXTS, [received(0, 1), received(0, 1)], [A, B, C], 8) == Faults()


@pytest.mark.parametrize(
    ("watcher", "faults"),
    [
        pytest.param(received(0), Faults(lost=2, reordered=1, wrong_span_ids=1), id="lost"),
        pytest.param(received(0, 1, 4), Faults(repeated=1, reordered=1, wrong_span_ids=1), id="twice"),
        pytest.param(received(0, 2), Faults(reordered=1), id="in another order"),
        pytest.param(received(0, 1, 3), Faults(said_to_be_dropped=1), id="dropped"),
        pytest.param(received(0, 1, close_code=1006), Faults(closed=1), id="closed"),
    ],
)
def test_a_fault_of_one_watcher_is_found(watcher: Received, faults: Faults) -> None:
    assert find_faults(TEXTS, [received(0, 1), watcher], [A, B, C], 8) == faults


def test_what_was_not_announced_is_unexpected() -> None:
    assert find_faults(TEXTS, [received(0, 4)], [A], 8) == Faults(unexpected=1, wrong_span_ids=1)


def test_a_filtered_watcher_has_to_receive_nothing() -> None:
    case = Case(1, 10, 0.3, filtered=1)
    require_all(case, TEXTS, [received(0, 1), received()], [A, B, C])
    with pytest.raises(ToolingError, match="the filtered ones") as failure:
        require_all(case, TEXTS, [received(0, 1), received(4)], [A, B, C])
    assert "unexpected=1" in str(failure.value.detail)


def test_a_stalled_watcher_need_not_receive_anything() -> None:
    case = Case(1, 10, 0.3, has_stalled=True)
    require_all(case, TEXTS, [received(0, 1), received()], [A, B, C])
    assert case.details() == [EVERYTHING, EVERYTHING]


def test_each_filtered_watcher_asks_for_something_else() -> None:
    details = Case(2, 10, 1.0, filtered=3).details()
    assert details[:2] == [EVERYTHING, EVERYTHING]
    assert len({json.dumps(one) for one in details[2:]}) == 3


def test_a_delay_is_from_the_answer_to_the_receipt() -> None:
    answered_us = {A: 1_000_000 - 250, B: 1_000_000, C: 1_004_000}
    assert delays_ms(TEXTS, [received(0, 1)], answered_us) == [0.25, 1.0, -3.0]
    assert last_trace_id(TEXTS, received(0, 1)) == C


def test_exports_are_one_new_trace_each() -> None:
    exports = make_exports(BodyMaker(1), 3)
    assert len({export.trace_id for export in exports}) == 3
    assert all(bytes.fromhex(export.trace_id) in export.body for export in exports)


def test_a_schedule_has_one_export_in_each_interval() -> None:
    assert evenly(3, 10) == [0.0, 0.1, 0.2]
    times = at_random(100, 10, Random(1))
    assert [int(seconds * 10) for seconds in times] == list(range(100))
    assert len({round(seconds * 10 % 1, 6) for seconds in times}) == 100


def measured(case: Case, stalled: Stalled | None = None) -> Measured:
    sent = [Sent(A, 0, 1000, 9000), Sent(B, 100_000, 225_000, 240_000)]
    return Measured(
        case, (50.2, 99.6, 120.0, 131.0), 2 * case.watchers, sent, Busy(0.4, 0.1, 0.05, 0.01, 0.2), stalled
    )


def test_the_tables_say_what_was_measured() -> None:
    cases = [
        measured(Case(1_000, 10, 20.0)),
        measured(Case(1_000, 10, 20.0, has_stalled=True)),
        measured(Case(1_000, 50, 40.0, has_stalled=True), Stalled(1_234, 24.68)),
    ]
    both_ms = dict(zip(WATCHER_COUNTS, (9.0, 9.4, 12.0, 20.0, 50.0), strict=True))
    costs = {
        count: [Cost(value - 2.0, 2.0), Cost(value - 1.8, 2.0), Cost(value - 1.9, 2.0)]
        for count, value in both_ms.items()
    }
    text = render(cases, costs, Memory(1_000, 300_000_000, 100_000_000, 150_400_000, 50_000_000))
    assert "| 1,000 | 10 | 20 | 2,000 of 2,000 | 50 | 100 | 120 | 131 |" in text
    assert (
        "| 1,000 and one that stalls | 50 | 8 | 15 | 1, by up to 125 ms | 40% | 10% | 5% | 1% | 20% |" in text
    )
    assert "At 10 a second, 20 s did not suffice to drop the one that stalled." in text
    assert "dropped 24.7 s after the first answer, with what 1,234 exports had sent it." in text
    assert "| LIVE=off | 7.1 (7.0 to 7.2) | 2.0 (2.0 to 2.0) | 9.1 (9.0 to 9.2) |  |" in text
    assert "| 0 | 7.5 (7.4 to 7.6) | 2.0 (2.0 to 2.0) | 9.5 (9.4 to 9.6) | 0.4 (0.4 to 0.4) |" in text
    assert "| collector | 300 | 150 |" in text


@contextmanager
def hub(handler: Callable[[ServerConnection], None]) -> Iterator[int]:
    """Yield the port of a hub whose connections are acknowledged, and then handed over."""

    def acknowledge(socket: ServerConnection) -> None:
        assert socket.request is not None
        assert socket.request.headers["Authorization"] == f"Bearer {TOKEN}"
        subscribe = json.loads(socket.recv(10))
        assert (subscribe["type"], subscribe["details"]) == ("subscribe", EVERYTHING)
        socket.send(json.dumps({"messageId": subscribe["messageId"], "type": "ack"}))
        handler(socket)

    with serve(acknowledge, "127.0.0.1", 0) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.socket.getsockname()[1]
        finally:
            server.shutdown()
            thread.join(10)


def frame(*trace_ids: str) -> str:
    """Return a batch of messages, as the hub sends them."""
    spans = [[trace_id, "1" * 16] for trace_id in trace_ids]
    added = {"type": "spanAdded", "details": {"newSpans": spans}}
    return json.dumps([added, *({"type": "traceUpdated", "details": {"traceId": one}} for one in trace_ids)])


def test_watchers_receive_frames_of_every_length_and_answer_pings() -> None:
    many = [f"{number:032x}" for number in range(1_000)]
    pongs: list[str] = []

    def send_all(socket: ServerConnection) -> None:
        for text in (frame(A), frame(*many), json.dumps({"type": "tracesDropped", "details": {"count": 3}})):
            socket.send(text)
        socket.send(json.dumps({"messageId": "7", "type": "ping"}))
        pongs.append(str(socket.recv(10)))
        socket.send(frame(B))

    with hub(send_all) as port, Watchers(port) as watchers:
        watchers.open([EVERYTHING] * 2)
        watchers.await_traces(2 * 1_002)
        texts, found = watchers.collect()
        watchers.close()
    orders = [[texts[number] for number in watcher.text_numbers] for watcher in found]
    assert orders[0] == orders[1] == [Text([A], 1, 0), Text(many, 1_000, 0), Text([], 0, 3), Text([B], 1, 0)]
    assert [json.loads(pong) for pong in pongs] == [{"messageId": "7", "type": "pong"}] * 2
    assert all(list(watcher.received_us) == sorted(watcher.received_us) for watcher in found)


def test_a_stalled_watcher_learns_its_end_when_it_reads_again() -> None:
    is_stalled = threading.Event()

    def send_and_drop(socket: ServerConnection) -> None:
        assert is_stalled.wait(10)
        socket.send(frame(A))
        socket.close(TRY_AGAIN_LATER)

    with hub(send_and_drop) as port, Watchers(port) as watchers:
        watchers.open([EVERYTHING])
        watchers.stall()
        is_stalled.set()
        watchers.resume()
        texts, (found,) = watchers.collect()
        watchers.close()
    assert (last_trace_id(texts, found), found.close_code) == (A, TRY_AGAIN_LATER)


def test_watchers_that_end_are_an_error() -> None:
    is_open = threading.Event()

    def send_nonsense(socket: ServerConnection) -> None:
        assert is_open.wait(10)
        socket.send("nonsense")

    with hub(send_nonsense) as port, Watchers(port) as watchers:
        watchers.open([EVERYTHING])
        is_open.set()
        with pytest.raises(ToolingError, match="ended by themselves"):
            watchers.await_traces(1)
