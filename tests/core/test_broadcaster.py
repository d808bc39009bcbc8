"""Broadcasting: windows, merging, bounds and faults, on a clock that the test moves."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator

import pytest

from otel_worker.errors import StorageUnavailable
from otel_worker.live import broadcaster as broadcaster_module
from otel_worker.live.broadcaster import STUCK_MS, WINDOW_MS
from otel_worker.live.subscription import EVERYTHING, Subscription
from otel_worker.store.delete import delete_trace
from otel_worker_cli.sqlite import SqliteDatabase
from tests.core.broadcast_scene import Scene, SlowDatabase, added, dropped, part, summarized
from tests.core.harness import WatchedDatabase
from tests.samples import make_part, make_span, run, span_id, trace_id

SHOP = Subscription(service="shop")
TILL = Subscription(service="till")


@pytest.fixture
def scene(database: SqliteDatabase) -> Iterator[Scene]:
    """Yield a broadcaster; in the end nothing of it is under way."""
    made = Scene(database)
    yield made
    made.clock.forget_sleeping()


def test_the_first_announcement_is_passed_on_at_once(scene: Scene) -> None:
    scene.announce(part(1), part(2))
    assert scene.clock.sleeping_count == 0
    first, *others = scene.audience.heard()
    assert first == added((1, 1), (2, 1))
    assert summarized(others) == [(trace_id(1), 1), (trace_id(2), 1)]


def test_what_follows_waits_for_the_end_of_the_window_and_comes_together(scene: Scene) -> None:
    scene.announce(part(1, 1))
    scene.audience.heard()
    scene.clock.advance(30)
    for number in (2, 3, 4):
        scene.announce(part(1, number), part(number, number))
        # Only the first of them waits; the others have handed over what they had.
        assert scene.clock.sleeping_count == 1
    scene.clock.advance(WINDOW_MS - 31)
    assert scene.audience.heard() == []
    scene.clock.advance(21)
    heard = scene.audience.heard()
    assert heard[0] == added((1, 2), (1, 3), (1, 4), (2, 2), (3, 3), (4, 4))
    assert summarized(heard[1:]) == [(trace_id(1), 4), *((trace_id(number), 1) for number in (2, 3, 4))]
    assert scene.clock.sleeping_count == 0


def test_after_a_pause_the_next_one_is_first_again(scene: Scene) -> None:
    for number in (1, 2, 3):
        scene.announce(part(number))
        assert summarized(scene.audience.heard()) == [(trace_id(number), 1)]
        scene.clock.advance(WINDOW_MS)


def test_windows_keep_their_distance_under_a_stream(scene: Scene) -> None:
    for number in range(1, 201):
        scene.announce(part(1, number))
        scene.clock.advance(7)
    scene.clock.advance(WINDOW_MS)
    moments = [moment for moment, _, _ in scene.audience.sent]
    gaps = {later - earlier for earlier, later in itertools.pairwise(moments)}
    assert min(gaps) >= WINDOW_MS
    assert max(gaps) < 2 * WINDOW_MS
    heard = scene.audience.heard()
    spans = [ids for kind, details in heard if kind == "spanAdded" for ids in details["newSpans"]]
    assert spans == [[trace_id(1), span_id(number)] for number in range(1, 201)]
    counts = [count for _, count in summarized(heard)]
    assert (counts, counts[-1]) == (sorted(counts), 200)


def test_a_window_reads_the_summaries_of_all_its_traces_once(scene: Scene) -> None:
    scene.audience.asked = [EVERYTHING, SHOP, Subscription(errors_only=True), Subscription(name="GET /")]
    scene.announce(*(part(number) for number in range(1, 51)))
    assert isinstance(scene.database, WatchedDatabase)
    assert len(scene.database.queries) == 1


def test_with_nobody_to_tell_nothing_is_read(scene: Scene) -> None:
    scene.audience.asked = []
    scene.announce(part(1))
    assert isinstance(scene.database, WatchedDatabase)
    assert (scene.database.queries, scene.audience.sent) == ([], [])


def test_each_subscription_gets_its_traces_once(scene: Scene) -> None:
    named = Subscription(service="till", name="pay", is_batched=True)
    scene.audience.asked = [SHOP, TILL, named]
    scene.announce(part(1), part(2, 2, "till", name="pay"), part(3, 3, "till"))
    assert summarized(scene.audience.heard(SHOP)) == [(trace_id(1), 1)]
    assert summarized(scene.audience.heard(TILL)) == [(trace_id(2), 1), (trace_id(3), 1)]
    ((_, _, (frame,)),) = scene.audience.sent
    assert [message["type"] for message in json.loads(frame)] == ["spanAdded", "traceUpdated"]


def test_a_trace_that_matched_before_is_told_when_it_grows(scene: Scene) -> None:
    scene.audience.asked = [Subscription(name="pay")]
    scene.announce(part(1, 1, name="pay"))
    scene.clock.advance(WINDOW_MS)
    scene.announce(part(1, 2), part(2, 3))
    assert isinstance(scene.database, WatchedDatabase)
    # Of trace 2 all spans are new: no query has to look for an older one.
    assert len(scene.database.queries) == 3
    heard = scene.audience.heard(Subscription(name="pay"))
    assert (heard[2], summarized(heard)) == (added((1, 2)), [(trace_id(1), 1), (trace_id(1), 2)])


def test_of_many_spans_each_message_names_a_part(scene: Scene) -> None:
    scene.announce(make_part(1, *(make_span(number) for number in range(1, 1002))))
    heard = scene.audience.heard()
    assert [len(details["newSpans"]) for _, details in heard[:3]] == [500, 500, 1]
    assert summarized(heard[3:]) == [(trace_id(1), 1001)]


def test_a_trace_that_was_deleted_meanwhile_is_passed_over(scene: Scene) -> None:
    scene.announce(part(1))
    scene.audience.heard()
    scene.announce(part(2), part(3))
    run(delete_trace(scene.stored, trace_id(2)))
    scene.clock.advance(WINDOW_MS)
    heard = scene.audience.heard()
    assert (heard[0], summarized(heard)) == (added((3, 1)), [(trace_id(3), 1)])
    assert scene.broadcaster.dropped_traces == 0


def test_a_window_is_bounded_and_what_is_above_is_said_once(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcaster_module, "MAX_WINDOW_TRACES", 3)
    scene.audience.asked = [EVERYTHING, TILL]
    scene.announce(*(part(number) for number in range(1, 6)))
    heard = scene.audience.heard()
    assert [trace for trace, _ in summarized(heard)] == [trace_id(number) for number in (1, 2, 3)]
    assert heard[-1] == dropped(2)
    # Nobody knows whether it was for him.
    assert scene.audience.heard(TILL) == [dropped(2)]
    assert scene.broadcaster.dropped_traces == 2
    scene.announce(part(6), part(7))
    scene.announce(part(8), part(9))
    scene.clock.advance(2 * WINDOW_MS)
    heard = scene.audience.heard()
    assert ([trace for trace, _ in summarized(heard)], heard[-1]) == (
        [trace_id(number) for number in (6, 7, 8)],
        dropped(1),
    )
    assert scene.broadcaster.dropped_traces == 3


def test_what_was_dropped_before_is_counted_and_said(scene: Scene) -> None:
    scene.announce(part(1), dropped_before=5)
    assert scene.audience.heard()[-1] == dropped(5)
    scene.clock.advance(WINDOW_MS)
    scene.announce(part(2))
    assert [kind for kind, _ in scene.audience.heard()] == ["spanAdded", "traceUpdated"]
    assert scene.broadcaster.dropped_traces == 5


def test_what_is_sent_in_a_window_is_bounded_for_all_watchers_together(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(broadcaster_module, "MIN_SENT_BYTES_EACH", 100)
    scene.audience.asked = [EVERYTHING, TILL]
    scene.audience.watcher_count = 10
    parts = [part(number) for number in range(1, 10)]
    scene.announce(*parts, part(10, 1, "till"))
    size_bytes = sum(
        len(frame) for _, each, some in scene.audience.sent for frame in some if each == EVERYTHING
    )
    scene.audience.heard(), scene.audience.heard(TILL)
    monkeypatch.setattr(broadcaster_module, "MAX_SENT_BYTES", 10 * size_bytes // 2)
    scene.clock.advance(WINDOW_MS)
    scene.announce(*(part(number, 2) for number in range(1, 10)), part(10, 2, "till"))
    heard = scene.audience.heard()
    told = [trace for trace, _ in summarized(heard)]
    assert 2 < len(told) < 6
    assert told == [trace_id(number) for number in range(1, len(told) + 1)]
    assert heard[-1] == dropped(10 - len(told))
    # Who asks for less gets all of it.
    assert summarized(scene.audience.heard(TILL)) == [(trace_id(10), 2)]
    assert scene.broadcaster.dropped_traces == 10 - len(told)


def test_a_fault_of_the_database_is_said_to_all_and_the_next_window_works(scene: Scene) -> None:
    def fail() -> None:
        raise StorageUnavailable("busy")

    assert isinstance(scene.database, WatchedDatabase)
    scene.audience.asked = [EVERYTHING, TILL]
    scene.database.before_query = fail
    scene.announce(part(1), part(2))
    assert (scene.audience.heard(), scene.audience.heard(TILL)) == ([dropped(2)], [dropped(2)])
    scene.database.before_query = lambda: None
    scene.clock.advance(WINDOW_MS)
    scene.announce(part(1, 2))
    assert summarized(scene.audience.heard()) == [(trace_id(1), 2)]
    assert (scene.audience.heard(TILL), scene.broadcaster.dropped_traces) == ([], 2)


def test_a_window_waits_for_the_one_before_that_is_still_read(scene: Scene) -> None:
    scene.database = SlowDatabase(scene.stored, scene.clock, seconds=0.5)
    scene.announce(part(1, 1))
    scene.clock.advance(10)
    scene.announce(part(1, 2))
    scene.clock.advance(400)
    assert scene.audience.sent == []
    scene.clock.advance(2000)
    # The first one's summary was read when the second span was there.
    assert summarized(scene.audience.heard()) == [(trace_id(1), 2), (trace_id(1), 2)]


def test_a_window_that_hangs_holds_up_the_others_for_a_while_only(scene: Scene) -> None:
    scene.database = SlowDatabase(scene.stored, scene.clock, seconds=3600)
    scene.announce(part(1))
    scene.database = WatchedDatabase(scene.stored)
    scene.announce(part(2))
    scene.clock.advance(STUCK_MS - 100)
    assert scene.audience.sent == []
    scene.clock.advance(200)
    assert summarized(scene.audience.heard()) == [(trace_id(2), 1)]
    scene.announce(part(3))
    scene.clock.advance(WINDOW_MS + 20)
    assert summarized(scene.audience.heard()) == [(trace_id(3), 1)]


def test_a_window_whose_opener_is_gone_is_replaced(scene: Scene) -> None:
    scene.announce(part(1))
    scene.announce(part(2))
    scene.audience.heard()
    scene.clock.forget_sleeping()
    scene.clock.advance(STUCK_MS + 1)
    scene.announce(part(3))
    heard = scene.audience.heard()
    assert summarized(heard) == [(trace_id(3), 1)]
    # What the lost window held is said to be missing, once.
    assert heard[-1] == dropped(1)
    assert scene.broadcaster.dropped_traces == 1


def test_who_subscribes_while_a_window_is_read_hears_of_its_drops_alone(scene: Scene) -> None:
    scene.database = SlowDatabase(scene.stored, scene.clock, seconds=0.5)
    scene.announce(part(1), dropped_before=3)
    scene.audience.asked = [TILL]
    scene.clock.advance(1000)
    assert scene.audience.heard() == []
    assert scene.audience.heard(TILL) == [dropped(3)]
