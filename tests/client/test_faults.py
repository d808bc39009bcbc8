"""A watch whose collector is restarted, overloaded, unreachable or none: what it survives, what it says."""

from __future__ import annotations

import asyncio
import dataclasses

import httpx
import pytest

from otel_worker_cli.client import (
    ClientError,
    NotAllowed,
    NotFound,
    Refused,
    UnexpectedAnswer,
    Unreachable,
    WatchEnded,
)
from tests.client.events import next_event, next_updates, run
from tests.client.fake_collector import FAST, WAIT_SECONDS, Answer, error_response, fake_collector

# For the tests in which something does not answer.
IMPATIENT = dataclasses.replace(FAST, answer_seconds=0.2, ping_seconds=0.2)


@pytest.mark.parametrize("code", [1000, 1001, 1011, 1012, 1013, 4000])
def test_after_a_closing_code_that_passes_it_goes_on_without_a_gap(code: int) -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            for number in range(4):
                await fake.announce(fake.store(2 * number))
                await fake.close(code)
                fake.store(2 * number + 1)
                assert await next_updates(watch, 2) == [(2 * number, 1), (2 * number + 1, 1)]
            assert fake.subscribed == 5

    run(main())


@pytest.mark.parametrize("code", [1002, 1003, 1008, 1009])
def test_a_closing_code_that_blames_the_client_is_raised(code: int) -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            await fake.close(code)
            with pytest.raises(WatchEnded, match="as the test says") as caught:
                await next_event(watch)
            assert caught.value.code == code

    run(main())


@pytest.mark.parametrize(
    ("status", "kind"), [(401, NotAllowed), (403, NotAllowed), (404, NotFound), (426, Refused)]
)
def test_a_refused_handshake_is_raised_at_once(status: int, kind: type[Refused]) -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            fake.refusals.append(status)
            with pytest.raises(kind, match="as the test says") as caught:
                async with client.watch():
                    raise AssertionError("it was refused")
            assert (caught.value.status, caught.value.code) == (status, "no")
            # And when it comes back after an interruption.
            async with client.watch() as watch:
                fake.refusals.append(status)
                fake.cut()
                with pytest.raises(kind):
                    await next_event(watch)

    run(main())


def test_the_token_goes_to_no_other_host_by_a_redirect() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake_collector() as other, fake.client() as client:
            fake.redirects_to = f"{other.url}/api/ws"
            with pytest.raises(UnexpectedAnswer, match="is the address right"):
                await next_event(client.watch())
            assert other.handshakes == 0

    run(main())


def test_a_list_that_is_refused_is_raised_at_once() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            fake.answers.append(error_response(401, "unauthenticated"))
            fake.cut()
            with pytest.raises(NotAllowed):
                await next_event(watch)

    run(main())


@pytest.mark.parametrize("status", [429, 500, 502, 503])
def test_a_handshake_that_fails_for_now_is_tried_again(status: int) -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            fake.refusals.extend([status] * 3)
            async with client.watch() as watch:
                fake.refusals.extend([status] * 3)
                fake.cut()
                fake.store(1)
                assert await next_updates(watch, 1) == [(1, 1)]
            assert not fake.refusals

    run(main())


@pytest.mark.parametrize(
    "fault",
    [error_response(503, **{"Retry-After": "2"}), error_response(429), httpx.ReadError("broken")],
    ids=["503", "429", "broken"],
)
@pytest.mark.parametrize("page", [0, 1, 2])
# Fewer than the attempts a page has, and so many that the connection is given up too.
@pytest.mark.parametrize("times", [1, 6])
def test_a_list_that_fails_in_the_middle_of_a_resume_is_read_again(
    fault: Answer, page: int, times: int
) -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            fake.page_traces = 2
            fake.answers.extend([*[None] * page, *[fault] * times])
            fake.cut()
            for number in range(6):
                fake.store(number)
            assert await next_updates(watch, 6) == [(number, 1) for number in range(6)]
            await fake.announce(fake.store(6))
            assert await next_updates(watch, 1) == [(6, 1)]
            assert fake.subscribed == (2 if times == 1 else 3)

    run(main())


def test_a_connection_that_breaks_while_the_list_is_read_loses_nothing() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:

            async def meanwhile(parameters: httpx.QueryParams) -> None:
                fake.before_list = None
                await fake.announce(fake.store(2))
                fake.cut()
                fake.store(3)

            fake.store(1)
            fake.before_list = meanwhile
            fake.cut()
            found = await next_updates(watch, 3)
            assert sorted(found) == [(1, 1), (2, 1), (3, 1)]
            await fake.announce(fake.store(4))
            assert await next_updates(watch, 1) == [(4, 1)]

    run(main())


def test_a_subscription_without_an_answer_is_made_again() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client(IMPATIENT) as client, client.watch() as watch:
            fake.acknowledges = False
            fake.cut()
            fake.store(1)
            waiting = asyncio.create_task(next_updates(watch, 1))
            await fake.until(lambda: len(fake.received) == 3)
            assert not waiting.done()
            fake.acknowledges = True
            assert await waiting == [(1, 1)]

    run(main())


def test_a_line_that_is_dead_is_noticed_and_replaced() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client(IMPATIENT) as client, client.watch() as watch:
            (socket,) = fake.sockets
            # It reads no more, so it answers no ping; nothing else says that it is gone.
            socket.transport.pause_reading()
            fake.sockets.clear()
            fake.store(1)
            assert await next_updates(watch, 1) == [(1, 1)]

    run(main())


def test_a_collector_that_is_gone_is_raised_after_the_attempts_the_caller_grants() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch(attempts=3) as watch:
            fake.answers.extend([None])
            fake.refusals.extend([503] * 2)
            fake.cut()
            with pytest.raises(Unreachable):
                await next_event(watch)
            assert not fake.refusals
            with pytest.raises(StopAsyncIteration):
                await next_event(watch)

    run(main())


def test_a_connection_that_lasted_is_no_failure() -> None:
    async def main() -> None:
        timing = dataclasses.replace(FAST, settled_seconds=0.0)
        async with (
            fake_collector() as fake,
            fake.client(timing) as client,
            client.watch(attempts=2) as watch,
        ):
            for number in range(5):
                fake.cut()
                fake.store(number)
                assert await next_updates(watch, 1) == [(number, 1)]

    run(main())


def test_nobody_at_the_address_is_raised_after_one_attempt() -> None:
    async def main() -> None:
        async with fake_collector() as fake:
            client = fake.client()
            await fake.stop()
            async with client:
                with pytest.raises(Unreachable, match="no WebSocket at ws://"):
                    await next_event(client.watch(attempts=1))

    run(main())


def test_a_caller_who_does_not_read_for_a_while_misses_nothing() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client(IMPATIENT) as client, client.watch() as watch:
            count = 2_000

            async def announce() -> None:
                for number in range(count):
                    await fake.announce(fake.store(number))

            announcing = asyncio.create_task(announce())
            found: dict[int, int] = {}
            # It stands still until its keepalive has given the connection up.
            await asyncio.sleep(3 * IMPATIENT.ping_seconds)
            while len(found) < count:
                found.update(await next_updates(watch, 1))
            await announcing
            assert found == dict.fromkeys(range(count), 1)

    run(main())


@pytest.mark.parametrize("moment", ["waiting", "listing", "connecting", "backing off"])
def test_cancelling_closes_everything(moment: str) -> None:
    async def main() -> None:
        timing = dataclasses.replace(FAST, answer_seconds=60.0, first_delay_seconds=60.0)
        async with fake_collector() as fake, fake.client(timing) as client, client.watch() as watch:
            reached = asyncio.Event()

            async def never(parameters: httpx.QueryParams) -> None:
                reached.set()
                await asyncio.sleep(3 * WAIT_SECONDS)

            if moment == "listing":
                fake.before_list = never
            fake.acknowledges = moment != "connecting"
            fake.refusals.extend([503] if moment == "backing off" else [])
            watch._backoff._first_seconds = 60.0 if moment == "backing off" else 0.0
            if moment != "waiting":
                fake.cut()
            waiting = asyncio.create_task(next_event(watch))
            if moment == "listing":
                await reached.wait()
            elif moment == "connecting":
                await fake.until(lambda: len(fake.received) == 2)
            else:
                await asyncio.sleep(0.1)
            assert not waiting.done()
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            with pytest.raises(StopAsyncIteration):
                await anext(watch)

    run(main())


def test_every_error_is_of_one_tree() -> None:
    kinds = (NotAllowed, NotFound, Refused, UnexpectedAnswer, Unreachable, WatchEnded)
    assert all(issubclass(kind, ClientError) for kind in kinds)
