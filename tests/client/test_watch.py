"""A watch that goes well, and the races between what is announced and what is listed."""

from __future__ import annotations

import asyncio
import json

import httpx
import pytest

from otel_worker_cli.client import SpansAdded, TraceSummary, TraceUpdated
from tests.client.events import next_event, next_updates, run
from tests.client.fake_collector import FIRST_UNIX_NANO, fake_collector

SPAN_IDS = {"type": "spanAdded", "details": {"newSpans": [["ab" * 16, "cd" * 8], ["ab" * 16, "ef" * 8]]}}


def test_what_is_announced_is_given_out_in_its_order() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            # One frame of several messages, and one of one.
            await fake.send(SPAN_IDS, {"type": "traceUpdated", "details": fake.store(1)})
            await fake.announce(fake.store(2, 7))
            expected = TraceSummary(
                f"{1:032x}", "trace 1", "web", ("web",), FIRST_UNIX_NANO + 10**9, 1000, 1, 0
            )
            assert await next_event(watch) == SpansAdded((("ab" * 16, "cd" * 8), ("ab" * 16, "ef" * 8)))
            assert await next_event(watch) == TraceUpdated(expected)
            assert await next_updates(watch, 1) == [(2, 7)]

    run(main())


def test_nothing_old_is_given_out_but_what_becomes_of_it_is() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            for number in range(5):
                fake.store(number)
            async with client.watch() as watch:
                await fake.announce(fake.store(5))
                await fake.announce(fake.store(2, 4))
                assert await next_updates(watch, 2) == [(5, 1), (2, 4)]
                fake.cut()
                fake.store(6)
                assert await next_updates(watch, 1) == [(6, 1)]

    run(main())


def test_the_conditions_go_into_the_subscription_and_into_every_list() -> None:
    async def main() -> None:
        conditions = {"service": "checkout", "name": "GET /cart", "status": "error", "minDuration": "250ms"}
        async with (
            fake_collector() as fake,
            fake.client() as client,
            client.watch(
                service="checkout", name="GET /cart", errors_only=True, min_duration="250ms"
            ) as watch,
        ):
            fake.cut()
            fake.store(1)
            assert await next_updates(watch, 1) == [(1, 1)]
            subscribe = {"messageId": "1", "type": "subscribe", "details": {**conditions, "batch": True}}
            assert fake.received == [subscribe, subscribe]
            newest, *lists = fake.requests
            assert dict(newest) == {"limit": "1"}
            assert [dict(parameters) for parameters in lists] == [
                {**conditions, "start": "0", "limit": "1000"}
            ] * 2

    run(main())


def test_a_ping_of_the_collector_is_answered_with_its_id() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch():
            await fake.send({"messageId": "17", "type": "ping"})
            await fake.until(lambda: {"messageId": "17", "type": "pong"} in fake.received)

    run(main())


def test_what_comes_before_the_acknowledgement_is_not_of_this_subscription() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            other = {"type": "traceUpdated", "details": fake.trace(99)}
            fake.before_ack = [json.dumps(other), json.dumps([SPAN_IDS, other])]
            async with client.watch() as watch:
                await fake.announce(fake.store(1))
                assert await next_updates(watch, 1) == [(1, 1)]

    run(main())


def test_what_is_stored_before_the_acknowledgement_and_announced_after_it_comes_once() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            summary = fake.store(1)
            fake.cut()
            assert await next_updates(watch, 1) == [(1, 1)]
            await fake.announce(summary)
            await fake.announce(fake.store(2))
            assert await next_updates(watch, 1) == [(2, 1)]

    run(main())


def test_updates_that_come_while_the_list_is_read_wait_and_are_merged() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            early = fake.store(1, 2)

            async def meanwhile(parameters: httpx.QueryParams) -> None:
                fake.before_list = None
                # Read by the hub before it grew, the same as listed, grown after; and a new one.
                listed = fake.store(1, 5)
                await fake.announce(early)
                await fake.announce(listed)
                await fake.announce(fake.trace(1, 8))
                await fake.announce(fake.trace(2))

            fake.before_list = meanwhile
            fake.cut()
            assert await next_updates(watch, 3) == [(1, 5), (1, 8), (2, 1)]

    run(main())


def test_an_update_that_was_on_its_way_while_the_list_was_read_is_too_old() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            on_its_way = fake.store(1, 2)
            fake.store(1, 5)
            fake.cut()
            assert await next_updates(watch, 1) == [(1, 5)]
            await fake.announce(on_its_way)
            await fake.announce(fake.store(1, 6))
            assert await next_updates(watch, 1) == [(1, 6)]

    run(main())


def test_fewer_spans_than_announced_before_are_news() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            await fake.announce(fake.store(1, 5))
            await fake.announce(fake.store(1, 2))
            assert await next_updates(watch, 2) == [(1, 5), (1, 2)]
            fake.cut()
            # A delete while nobody listened.
            fake.store(1, 1)
            assert await next_updates(watch, 1) == [(1, 1)]

    run(main())


def test_one_summary_that_two_windows_read_comes_once() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            summary = fake.store(1, 2)
            await fake.announce(summary, summary)
            await fake.announce(summary)
            await fake.announce(fake.store(2))
            assert await next_updates(watch, 2) == [(1, 2), (2, 1)]

    run(main())


def test_a_list_that_changes_while_its_pages_are_turned_is_merged() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            fake.page_traces = 2

            async def meanwhile(parameters: httpx.QueryParams) -> None:
                if "cursor" in parameters:
                    fake.before_list = None
                    # One that was on the page before has grown to an earlier start, and is listed again.
                    moved = {**fake.trace(6, 9), "startTimeUnixNano": fake.trace(0)["startTimeUnixNano"]}
                    fake.traces[moved["traceId"]] = moved
                    await fake.announce(moved)

            fake.cut()
            for number in range(1, 7):
                fake.store(number)
            fake.before_list = meanwhile
            updates = await next_updates(watch, 6)
            assert updates == [(6, 9), (1, 1), (2, 1), (3, 1), (4, 1), (5, 1)]
            await fake.announce(fake.store(7))
            assert await next_updates(watch, 1) == [(7, 1)]

    run(main())


def test_a_watch_that_is_left_closes_its_connection() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            async with client.watch() as watch:
                (socket,) = fake.sockets
            await socket.wait_closed()
            assert socket.close_code == 1000
            with pytest.raises(StopAsyncIteration):
                await anext(watch)

    run(main())


def test_a_client_that_is_left_closes_its_watches() -> None:
    async def main() -> None:
        async with fake_collector() as fake:
            async with fake.client() as client:

                async def announce() -> None:
                    await fake.until(lambda: fake.subscribed == 1)
                    await fake.announce(fake.store(1))

                announcing = asyncio.create_task(announce())
                async for event in client.watch():
                    assert isinstance(event, TraceUpdated)
                    break
                await announcing
                (socket,) = fake.sockets
            await socket.wait_closed()
            assert socket.close_code == 1000

    run(main())
