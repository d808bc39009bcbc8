"""Answers that get lost, in every place: what a receiver that knows bodies again has counted at the end."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.sdk.harness import OK, Bench, Reply
from tests.sdk.points import counts
from tests.sdk.receiver import Received
from workers_otel import Answer, FlushResult
from workers_otel.delivery import MAX_AGE_SECONDS

# How long the gateway knows a body: src/otel_worker/metrics/options.py.
RETRY_WINDOW_SECONDS = 600

TAKEN, LOST_ANSWER, LOST_REQUEST, TAKEN_503, NOT_TAKEN_503 = (
    "taken",
    "lost answer",
    "lost request",
    "+503",
    "503",
)
FATES = (TAKEN, LOST_ANSWER, LOST_REQUEST, TAKEN_503, NOT_TAKEN_503)


class Gateway:
    """Counts bodies as the gateway does: one that it knows from the last ten minutes, not again."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._first_seen_unix_nano: dict[str, int] = {}
        self.counted: dict[str, float] = {}

    def reply(self, fate: str) -> Reply:
        """Return the reply that lets a request have its fate."""

        async def answer() -> Answer:
            if fate in (TAKEN, LOST_ANSWER, TAKEN_503):
                self._take(self._bench.sent[-1])
            if fate in (LOST_ANSWER, LOST_REQUEST):
                raise ConnectionError(fate)
            return OK if fate == TAKEN else Answer(503)

        return answer

    def _take(self, received: Received) -> None:
        now_unix_nano = self._bench.now_unix_nano
        seen_unix_nano = self._first_seen_unix_nano.get(received.body)
        window_nano = RETRY_WINDOW_SECONDS * 10**9
        if seen_unix_nano is None or now_unix_nano - seen_unix_nano > window_nano:
            self._first_seen_unix_nano[received.body] = now_unix_nano
            for name, count in counts(received).items():
                self.counted[name] = self.counted.get(name, 0) + count


RECORDS = st.tuples(st.just("record"), st.integers(1, 2**40))
FLUSHES = st.tuples(st.just("flush"), st.lists(st.sampled_from(FATES), max_size=4))


def pauses(seconds: int) -> st.SearchStrategy[tuple[str, int]]:
    return st.tuples(st.just("pause"), st.integers(0, seconds))


def play(steps: list[tuple[str, object]]) -> tuple[Bench, Gateway, int]:
    """Do the steps and then a flush that succeeds; return what was recorded."""
    bench = Bench()
    gateway = Gateway(bench)
    recorded = 0
    for action, argument in [*steps, ("flush", [])]:
        if action == "record":
            assert isinstance(argument, int)
            recorded += argument
            bench.metrics.counter("count", argument)
        elif action == "pause":
            assert isinstance(argument, int)
            bench.pass_seconds(argument)
        else:
            assert isinstance(argument, list)
            bench.replies = [gateway.reply(fate) for fate in [*argument, *[TAKEN] * 8]]
            bench.flush()
            assert gateway.counted.get("count", 0) <= recorded
    return bench, gateway, recorded


@given(st.lists(RECORDS | FLUSHES | pauses(20), max_size=25))
def test_every_record_counts_once_wherever_answers_get_lost(steps: list[tuple[str, object]]) -> None:
    _, gateway, recorded = play(steps)
    assert gateway.counted.get("count", 0) == recorded


@given(st.lists(RECORDS | FLUSHES | pauses(2 * RETRY_WINDOW_SECONDS), max_size=25))
def test_nothing_counts_twice_however_late_it_is_sent_again(steps: list[tuple[str, object]]) -> None:
    bench, gateway, recorded = play(steps)
    # Every record is in one body, and what is missing in the end is in those that never arrived.
    bodies = {received.body: received for received in bench.sent}.values()
    assert sum(counts(received).get("count", 0) for received in bodies) == recorded
    missing = recorded - gateway.counted.get("count", 0)
    told = gateway.counted.get("workers_otel.dropped", 0)
    assert missing >= 0
    assert not missing or told


def test_a_body_is_given_up_before_the_gateway_forgets_it() -> None:
    assert MAX_AGE_SECONDS + 5 < RETRY_WINDOW_SECONDS
    bench = Bench()
    bench.replies = [Answer(503), Answer(503)]
    bench.metrics.counter("a")
    bench.metrics.counter("b")
    bench.flush()
    bench.pass_seconds(MAX_AGE_SECONDS - 1)
    bench.metrics.counter("a", 10)
    assert bench.flush().outcome == "kept"
    bench.pass_seconds(1)
    assert bench.flush() == FlushResult("sent", 2, {"unanswered": 2}, status=200)
    assert [counts(received) for received in bench.sent[2:]] == [{"workers_otel.dropped": 2}, {"a": 10}]


def test_an_outage_costs_what_its_first_flush_had_sent_and_nothing_more() -> None:
    bench = Bench(max_attribute_values=1)
    gone: list[Reply] = [ConnectionError("gone")] * 200
    bench.replies = gone
    bench.metrics.counter("count", 1, {"key": "a"})
    for _ in range(60):
        bench.flush()
        bench.pass_seconds(60)
        bench.metrics.counter("count", 100, {"key": "b"})
        bench.metrics.counter("count", -1)
    bench.replies = []
    assert bench.flush().outcome == "sent"
    assert bench.flush() == FlushResult("nothing")
    delivered = [
        counts(received) for received, status in zip(bench.sent, bench.statuses, strict=True) if status == 200
    ]
    # In the last trial and after it: what was dropped, and all that waited for it.
    assert sum(body.get("count", 0) for body in delivered) == 6_000
    assert sum(body.get("workers_otel.dropped", 0) for body in delivered) == 61
    assert sum(body.get("workers_otel.attribute_overflow", 0) for body in delivered) == 60
