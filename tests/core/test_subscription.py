"""Subscriptions: which traces of a window are asked for, and of which only older spans can tell."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from otel_worker.live.announcement import announce_blocks, read_announcement
from otel_worker.live.subscription import (
    EVERYTHING,
    Subscription,
    choose,
    decode_subscription,
    encode_subscription,
)
from otel_worker.model import SpanGroup, TracePart
from otel_worker.store.blocks import merge_heads, summarize_part
from otel_worker.store.conditions import SpanConditions
from tests.samples import blocks_of, make_group, make_part, make_span, trace_id

CHOSEN, UNDECIDED, NO = "chosen", "undecided", "no"


def fate(subscription: Subscription, new: TracePart, *older: TracePart) -> str:
    """Return what becomes of a trace whose new spans are of one part, and whose older ones of others."""
    (trace,) = read_announcement(announce_blocks(blocks_of(new)).text)
    head = merge_heads([summarize_part(part) for part in (*older, new)])
    chosen, undecided = choose(subscription, [trace], {trace.trace_id: head})
    assert chosen.isdisjoint(undecided)
    return CHOSEN if chosen else UNDECIDED if undecided else NO


def one(service: str = "shop", name: str = "GET /", number: int = 1, **fields: Any) -> TracePart:
    """Return a part with one span."""
    return make_part(1, make_span(number, name=name, **fields), service=service)


def two(*groups: SpanGroup) -> TracePart:
    return TracePart(trace_id(1), list(groups))


@pytest.mark.parametrize(
    ("subscription", "new", "expected"),
    [
        (EVERYTHING, one(), CHOSEN),
        (Subscription(service="shop"), one(), CHOSEN),
        (Subscription(service="till"), one(), NO),
        (Subscription(service="sho"), one(), NO),
        (Subscription(name="GET /"), one(), CHOSEN),
        (Subscription(name="get /"), one(), NO),
        (Subscription(errors_only=True), one(), NO),
        (Subscription(errors_only=True), one(status_code=2), CHOSEN),
        (Subscription(shortest_nano=1_000_000), one(), CHOSEN),
        (Subscription(shortest_nano=1_000_001), one(), NO),
        (Subscription(service="shop", name="GET /", errors_only=True), one(status_code=2), CHOSEN),
        (Subscription(service="shop", name="GET /", errors_only=True), one(), NO),
        (Subscription(name="GET /", shortest_nano=1_000_001), one(), NO),
    ],
)
def test_a_trace_of_new_spans_alone_is_decided(
    subscription: Subscription, new: TracePart, expected: str
) -> None:
    assert fate(subscription, new) == expected


@pytest.mark.parametrize(
    "subscription",
    [
        Subscription(service="shop", name="pay"),
        Subscription(service="shop", errors_only=True),
        Subscription(name="GET /", errors_only=True),
        Subscription(service="till", name="pay", errors_only=False, shortest_nano=10**9),
    ],
)
def test_what_is_asked_has_to_be_of_one_span(subscription: Subscription) -> None:
    new = two(
        make_group([make_span(1)], "shop"), make_group([make_span(2, name="pay", status_code=2)], "till")
    )
    assert fate(subscription, new) == NO


def test_an_older_span_is_told_by_the_summary_where_that_says_enough() -> None:
    older = one(service="till", number=2, status_code=2, duration_nano=10**9)
    for subscription in (
        Subscription(service="till"),
        Subscription(errors_only=True),
        Subscription(shortest_nano=10**9),
        Subscription(service="till", shortest_nano=10**9),
    ):
        assert fate(subscription, one(), older) == CHOSEN
        assert fate(subscription, one()) == NO


def test_an_older_span_has_to_be_looked_for_where_the_summary_does_not_say() -> None:
    older = one(service="till", name="pay", number=2, status_code=2)
    assert fate(Subscription(name="pay"), one(), older) == UNDECIDED
    assert fate(Subscription(service="till", errors_only=True), one(), older) == UNDECIDED
    # It may also be none of them; but not where the summary rules it out, or a new span says it all.
    assert fate(Subscription(name="other"), one(), older) == UNDECIDED
    assert fate(Subscription(service="other", name="pay"), one(), older) == NO
    assert fate(Subscription(name="pay", shortest_nano=10**9), one(), older) == NO
    assert fate(Subscription(name="GET /"), one(), older) == CHOSEN


def test_a_trace_without_a_summary_is_not_asked_for() -> None:
    traces = read_announcement(announce_blocks(blocks_of(one())).text)
    assert choose(EVERYTHING, traces, {}) == (set(), [])


def test_what_the_list_is_asked_for_is_the_same() -> None:
    assert EVERYTHING.conditions == SpanConditions()
    assert Subscription("a", "b", True, 5, True).conditions == SpanConditions("a", "b", True)


@pytest.mark.parametrize(
    "subscription", [None, EVERYTHING, Subscription('"\0\U0001f680', "naïve", True, 2**63 - 1, True)]
)
def test_a_subscription_survives_as_text(subscription: Subscription | None) -> None:
    assert decode_subscription(encode_subscription(subscription)) == subscription


def test_equal_subscriptions_are_one_key() -> None:
    some = {Subscription("a"), Subscription("a"), Subscription("a", is_batched=True), EVERYTHING}
    assert len(some) == 3
    assert msgspec.json.encode(EVERYTHING) == b'["","",false,0,false]'
