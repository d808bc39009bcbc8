"""What every Hub does, from what is stored to what each watcher gets for what he asked for."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from typing import Any, Protocol

from otel_worker.live.hub import HubStatus
from tests.contract.hub_story import Message, SpanOf, Story, new_spans, read_frame, updated, updates
from tests.contract.registry import Contract, expect

WAIT_SECONDS = 20.0
_POLL_SECONDS = 0.02
# live.broadcaster.WINDOW_MS, and room for the clock's own steps.
_WINDOW_SECONDS = 0.095


class WatcherHarness(Protocol):
    """One open watcher."""

    async def send(self, message: str | bytes) -> None:
        """Send a message of the client."""
        ...

    async def receive(self) -> str:
        """Return the next frame; MUST raise when none comes."""
        ...

    async def close(self) -> None:
        """Stop watching; MUST return when the hub knows."""
        ...

    async def close_code(self) -> int:
        """Return the code with which the hub closed the connection; MUST raise when it does not."""
        ...


class HubHarness(Protocol):
    """A collector and its hub, which nobody watches when a case begins."""

    async def watch(self) -> WatcherHarness:
        """Return a watcher of everything that is stored from now on."""
        ...

    async def export(self, body: bytes) -> None:
        """Send an export request in OTLP JSON, which MUST succeed."""
        ...

    async def list(self, query: dict[str, str]) -> list[dict[str, Any]]:
        """Return what GET /v1/traces answers."""
        ...

    async def status(self) -> HubStatus:
        """See Hub.status."""
        ...

    async def announced(self) -> int:
        """Return how many announcements have come to the hub."""
        ...

    async def is_watched(self) -> bool:
        """Return what the database says of it."""
        ...

    async def fail_next_read(self) -> None:
        """Let the next query of the database fail with an overload."""
        ...


hub_contract = Contract[HubHarness]()


async def ask(watcher: WatcherHarness, kind: str, **details: object) -> None:
    """Subscribe or unsubscribe, and await the acknowledgement, passing over what comes before it."""
    message = {"messageId": f"{kind} it", "type": kind, "details": details}
    await watcher.send(json.dumps(message))
    while True:
        (answer, *_) = read_frame(await watcher.receive())
        if answer.message_id is not None:
            expect(answer, Message("ack", None, f"{kind} it"))
            return


async def hear(watcher: WatcherHarness, story: Story, *spans: SpanOf) -> list[Message]:
    """Return all messages until these spans were named, and then every trace that was named."""
    heard: list[Message] = []
    unnamed = {tuple(ids) for ids in story.ids(*spans)}
    traces: set[str] = set()
    while unnamed or traces:
        more = read_frame(await watcher.receive())
        for message in more:
            unnamed -= {tuple(ids) for ids in new_spans([message])}
            traces |= {ids[0] for ids in new_spans([message])}
            traces -= set(updated([message]))
        heard += more
    return heard


@hub_contract
async def what_nobody_watches_is_not_announced(hub: HubHarness) -> None:
    story, before = Story(), await hub.announced()
    expect(await hub.is_watched(), False)
    await hub.export(story.body(SpanOf(1)))
    watcher = await hub.watch()
    await hub.export(story.body(SpanOf(2)))
    heard = await hear(watcher, story, SpanOf(2))
    expect(new_spans(heard), story.ids(SpanOf(2)))
    expect(await hub.announced() - before, 1)


@hub_contract
async def the_record_follows_the_first_and_the_last_watcher(hub: HubHarness) -> None:
    story = Story()
    for turn in (1, 2):
        first = await hub.watch()
        expect((await hub.is_watched(), (await hub.status()).watchers), (True, 1))
        second = await hub.watch()
        expect((await hub.status()).watchers, 2)
        await first.close()
        expect((await hub.is_watched(), (await hub.status()).watchers), (True, 1))
        await hub.export(story.body(SpanOf(turn)))
        await hear(second, story, SpanOf(turn))
        await second.close()
        await _until_unwatched(hub)
        expect((await hub.status()).watchers, 0)


async def _until_unwatched(hub: HubHarness) -> None:
    deadline = time.monotonic() + WAIT_SECONDS
    while await hub.is_watched():
        assert time.monotonic() < deadline, "the database goes on to say that somebody watches"
        await asyncio.sleep(_POLL_SECONDS)


@hub_contract
async def who_comes_later_gets_nothing_old(hub: HubHarness) -> None:
    story = Story()
    early = await hub.watch()
    await hub.export(story.body(SpanOf(1)))
    await hear(early, story, SpanOf(1))
    late = await hub.watch()
    await hub.export(story.body(SpanOf(2)))
    expect(new_spans(await hear(late, story, SpanOf(2))), story.ids(SpanOf(2)))


@hub_contract
async def every_watcher_gets_everything_in_order(hub: HubHarness) -> None:
    story = Story()
    watchers = [await hub.watch() for _ in range(3)]
    spans = [SpanOf(1 + number % 4, number) for number in range(1, 41)]
    for span in spans:
        await hub.export(story.body(span))
    sorted_by_trace = sorted(story.ids(*spans), key=lambda ids: ids[0])
    for watcher in watchers:
        heard = await hear(watcher, story, *spans)
        # Of one window, all spans of a trace stand together.
        expect(sorted(new_spans(heard), key=lambda ids: ids[0]), sorted_by_trace)
        counts = [each["spanCount"] for each in updates(heard) if each["traceId"] == story.trace_id(1)]
        expect(counts, sorted(set(counts)))
        last = {each["traceId"]: each for each in updates(heard)}
        listed = {each["traceId"]: each for each in await hub.list(story.query({}))}
        expect(last, listed)


@hub_contract
async def a_summary_comes_after_all_the_new_spans_of_its_window(hub: HubHarness) -> None:
    story = Story()
    watcher = await hub.watch()
    spans = [SpanOf(2, 1), SpanOf(1, 1), SpanOf(2, 2), SpanOf(3, 1)]
    await hub.export(story.body(*spans))
    heard = await hear(watcher, story, *spans)
    expect([each.kind for each in heard], ["spanAdded"] + ["traceUpdated"] * 3)
    expect(sorted(new_spans(heard)), sorted(story.ids(*spans)))
    listed = {each["traceId"]: each for each in await hub.list(story.query({}))}
    # In the same order as the spans.
    order = dict.fromkeys(trace_id for trace_id, _ in new_spans(heard))
    expect((len(order), updates(heard)), (3, [listed[trace_id] for trace_id in order]))


@hub_contract
async def of_many_spans_each_message_has_a_part(hub: HubHarness) -> None:
    story = Story()
    watcher = await hub.watch()
    spans = [SpanOf(1, number) for number in range(1, 1202)]
    await hub.export(story.body(*spans))
    heard = await hear(watcher, story, *spans)
    expect([len(each.details["newSpans"]) for each in heard[:-1]], [500, 500, 201])
    expect(new_spans(heard), story.ids(*spans))


@hub_contract
async def what_is_stored_in_a_moment_comes_together(hub: HubHarness) -> None:
    story = Story()
    watcher = await hub.watch()
    began = time.monotonic()
    # Fewer than the deliveries that an isolate has under way: more of them may be dropped, and told so.
    spans = [SpanOf(1, number) for number in range(1, 31)]
    await asyncio.gather(*(hub.export(story.body(span)) for span in spans))
    heard = await hear(watcher, story, *spans)
    window_count = 2 + (time.monotonic() - began) / _WINDOW_SECONDS
    summary_count, added_count = len(updates(heard)), len(heard) - len(updates(heard))
    assert summary_count <= window_count, f"{summary_count} summaries in {window_count:.1f} windows"
    expect(added_count, summary_count)
    expect(sorted(new_spans(heard)), story.ids(*spans))


@hub_contract
async def an_export_that_comes_again_is_not_announced(hub: HubHarness) -> None:
    story = Story()
    watcher = await hub.watch()
    for span in (SpanOf(1), SpanOf(1), SpanOf(2), SpanOf(1)):
        await hub.export(story.body(span))
    await hub.export(story.body(SpanOf(3)))
    heard = await hear(watcher, story, SpanOf(3))
    expect(sorted(new_spans(heard)), story.ids(SpanOf(1), SpanOf(2), SpanOf(3)))
    expect(sorted(updated(heard)), [story.trace_id(number) for number in (1, 2, 3)])


@hub_contract
async def a_closed_watcher_hurts_nobody(hub: HubHarness) -> None:
    story = Story()
    first, second, third = [await hub.watch() for _ in range(3)]
    await second.close()
    await hub.export(story.body(SpanOf(1)))
    await hear(first, story, SpanOf(1))
    await first.close()
    await hub.export(story.body(SpanOf(2)))
    heard = await hear(third, story, SpanOf(2))
    expect(updated(heard), [story.trace_id(1), story.trace_id(2)])
    expect((await hub.status())[:2], (1, 0))


FILTERS: dict[str, str] = {
    "service": "checkout",
    "name": "GET /cart",
    "status": "error",
    "minDuration": "250ms",
}
EXPORTS: tuple[tuple[SpanOf, ...], ...] = (
    # A trace that matched with its first span, and grows.
    (SpanOf(1, 1, "checkout", "GET /cart"),),
    (SpanOf(1, 2, "payment", "charge"),),
    # Service, name and error are all in the trace, though never in one span.
    (SpanOf(2, 1, "checkout", "charge"),),
    (SpanOf(2, 2, "payment", "GET /cart", is_error=True),),
    (SpanOf(2, 3, "checkout", "GET /cart"),),
    (SpanOf(3, 1, "checkout", "GET /cart", is_error=True, for_nano=400_000_000),),
    # A duration that is reached by a later span, to the nanosecond.
    (SpanOf(4, 1, "checkout", "GET /cart"),),
    (SpanOf(4, 2, "payment", "other", at_ms=249, for_nano=999_999),),
    (SpanOf(4, 3, "payment", "other", at_ms=249, for_nano=1_000_000),),
    (SpanOf(4, 4, "payment", "other", is_error=True),),
    # Several traces in one request, old and new.
    (SpanOf(5, 1, "payment"), SpanOf(1, 3, "payment"), SpanOf(6, 1, "checkout", "GET /cart", is_error=True)),
    # Of what is asked, each trace has a part.
    tuple(
        SpanOf(10 + number, 1, service, name, is_error, for_nano=for_nano)
        for number, (service, name, is_error, for_nano) in enumerate(
            itertools.product(
                ("checkout", "payment"), ("GET /cart", "charge"), (True, False), (250_000_000, 1)
            )
        )
    ),
    # Other services, and names that only resemble.
    (SpanOf(7, 1, "checkout ", "GET /cart/"), SpanOf(8, 1, "Checkout", "get /cart")),
)


@hub_contract
async def each_filter_selects_what_the_list_with_the_same_parameters_has(hub: HubHarness) -> None:
    story = Story()
    keys = [some for count in range(5) for some in itertools.combinations(FILTERS, count)]
    everything = await hub.watch()
    watchers: list[WatcherHarness] = []
    for some in keys:
        watchers.append(await hub.watch())
        await ask(watchers[-1], "subscribe", **{key: FILTERS[key] for key in some})
    expected: list[list[dict[str, Any]]] = [[] for _ in keys]
    fence = SpanOf(99, 1, "checkout", "GET /cart", is_error=True, for_nano=10**9)
    for spans in (*EXPORTS, (fence,)):
        await hub.export(story.body(*spans))
        told = updated(await hear(everything, story, *spans))
        for wanted, some in zip(expected, keys, strict=True):
            listed = await hub.list(story.query({key: FILTERS[key] for key in some}))
            by_id = {each["traceId"]: each for each in listed}
            wanted += [by_id[trace_id] for trace_id in told if trace_id in by_id]
    expect(len({str(wanted) for wanted in expected}), len(keys))
    for watcher, wanted, some in zip(watchers, expected, keys, strict=True):
        heard = await hear(watcher, story, fence)
        expect((some, updates(heard)), (some, wanted))
        expect({ids[0] for ids in new_spans(heard)}, {each["traceId"] for each in wanted})
