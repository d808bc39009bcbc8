"""What a watch remembers, with clocks that a test moves."""

from __future__ import annotations

import random

import pytest

from otel_worker_cli.client import TraceSummary
from otel_worker_cli.client.backoff import Backoff
from otel_worker_cli.client.memory import REPORT_SECONDS, SETTLING_SECONDS, Memory

SECOND = 10**9
NOW = 1_790_000_000 * SECOND


class Clock:
    """Both clocks of a memory."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def monotonic_seconds(self) -> float:
        return self.seconds

    def now_unix_nano(self) -> int:
        return NOW + round(self.seconds * 1e9)


def summary_of(number: int, start_unix_nano: int = NOW, span_count: int = 1) -> TraceSummary:
    return TraceSummary(f"{number:032x}", "GET /", "web", ("web",), start_unix_nano, 5, span_count, 0)


def memory_of(clock: Clock, max_traces: int = 100_000) -> Memory:
    memory = Memory(60 * SECOND, clock.monotonic_seconds, clock.now_unix_nano, max_traces)
    memory.prime(summary_of(0, NOW - 600 * SECOND))
    return memory


def test_an_empty_collector_is_complete_from_the_beginning() -> None:
    clock = Clock()
    memory = Memory(60 * SECOND, clock.monotonic_seconds, clock.now_unix_nano)
    assert memory.prime(None) == memory.resume_from_unix_nano == memory.complete_from_unix_nano == 0


def test_fewer_spans_than_listed_are_too_old_for_a_while_and_then_a_delete() -> None:
    clock = Clock()
    memory = memory_of(clock)
    memory.take_listed(summary_of(1, span_count=5))
    clock.seconds += SETTLING_SECONDS - 1
    assert not memory.take_live(summary_of(1, span_count=2))
    clock.seconds += 1
    assert memory.take_live(summary_of(1, span_count=2))
    assert memory.take_live(summary_of(1, span_count=1))


def test_the_list_is_asked_from_before_what_came_last() -> None:
    clock = Clock()
    memory = memory_of(clock)
    before = memory.resume_from_unix_nano
    memory.take_live(summary_of(1, NOW))
    # A loss may become known only now, and have been before this trace.
    assert memory.resume_from_unix_nano == before
    clock.seconds += REPORT_SECONDS
    assert memory.resume_from_unix_nano == before
    memory.take_live(summary_of(2, NOW + 30 * SECOND))
    clock.seconds += REPORT_SECONDS
    assert memory.resume_from_unix_nano == NOW - 60 * SECOND


def test_an_hour_of_silence_does_not_hide_what_was_lost_in_it() -> None:
    clock = Clock()
    memory = memory_of(clock)
    memory.take_live(summary_of(1, NOW))
    clock.seconds += 3600
    # Its announcement tells of one that was lost half an hour ago.
    memory.take_live(summary_of(2, clock.now_unix_nano()))
    assert memory.resume_from_unix_nano <= NOW - 60 * SECOND


@pytest.mark.parametrize("ahead_nano", [3600 * SECOND, 10**18])
def test_an_exporter_whose_clock_is_ahead_does_not_hide_the_others(ahead_nano: int) -> None:
    clock = Clock()
    memory = memory_of(clock)
    for turn in range(3):
        memory.take_live(summary_of(turn, NOW + ahead_nano))
        clock.seconds += REPORT_SECONDS
    assert memory.resume_from_unix_nano <= clock.now_unix_nano() - 60 * SECOND


def test_what_no_list_will_have_again_is_forgotten_first() -> None:
    clock = Clock()
    memory = memory_of(clock, max_traces=130)
    for number in range(1_000):
        memory.take_live(summary_of(number, clock.now_unix_nano()))
        clock.seconds += 1
    assert memory.complete_from_unix_nano < memory.resume_from_unix_nano
    # All that the next list can have is known.
    known = range(1_000 - 60, 1_000)
    starts = {number: NOW + number * SECOND for number in known}
    assert not any(memory.is_unknown(summary_of(number, start)) for number, start in starts.items())


def test_above_the_bound_it_is_known_what_is_not_known() -> None:
    clock = Clock()
    memory = memory_of(clock, max_traces=100)
    for number in range(300):
        memory.take_live(summary_of(number, NOW - SECOND + number))
    assert memory.is_unknown(summary_of(199, NOW - SECOND + 199))
    assert not memory.is_unknown(summary_of(200, NOW - SECOND + 200))
    assert memory.complete_from_unix_nano == NOW - SECOND + 200


def test_a_trace_of_a_clock_that_is_ahead_is_forgotten_without_calling_all_others_unknown() -> None:
    clock = Clock()
    memory = memory_of(clock, max_traces=10)
    before = memory.complete_from_unix_nano
    for number in range(30):
        memory.take_live(summary_of(number, NOW + 3600 * SECOND))
    assert memory.complete_from_unix_nano == before


def test_delays_double_up_to_the_bound_and_are_anywhere_below() -> None:
    ceilings = Backoff(0.1, 30.0, lambda: 1.0)
    assert [round(ceilings.next_delay_seconds(), 1) for _ in range(11)] == [
        0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 12.8, 25.6, 30.0, 30.0,
    ]  # fmt: skip
    ceilings.reset()
    assert ceilings.next_delay_seconds() == 0.1
    assert Backoff(0.1, 30.0, lambda: 0.0).next_delay_seconds() == 0.0
    ceilings.failures = 10**9
    assert ceilings.next_delay_seconds() == 30.0
    spread = [Backoff(1.0, 30.0, random.Random(seed).random).next_delay_seconds() for seed in range(100)]
    assert len({round(delay, 1) for delay in spread}) == 11


def test_what_the_collector_asks_for_is_kept_within_the_bound() -> None:
    backoff = Backoff(0.1, 30.0, lambda: 0.0)
    assert backoff.next_delay_seconds(2.0) == 2.0
    assert backoff.next_delay_seconds(3600.0) == 30.0
