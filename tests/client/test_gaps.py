"""What a watch finds in the list after an interruption, how far back it looks; what it cannot find."""

from __future__ import annotations

import httpx
import pytest

from otel_worker_cli.client import Gap, Watch
from otel_worker_cli.client.model import WatchFilter
from tests.client.events import next_event, next_updates, run
from tests.client.fake_collector import FAST, FIRST_UNIX_NANO, error_response, fake_collector


@pytest.mark.parametrize("count", [1, 3])
def test_what_the_collector_left_out_is_found_in_the_list(count: int) -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            await fake.announce(fake.store(1))
            fake.store(2)
            await fake.announce(fake.store(3))
            for _ in range(count):
                await fake.send({"type": "tracesDropped", "details": {"count": 1}})
            found = await next_updates(watch, 3)
            assert sorted(found) == [(1, 1), (2, 1), (3, 1)]
            await fake.announce(fake.store(4))
            assert await next_updates(watch, 1) == [(4, 1)]

    run(main())


def test_more_than_the_bound_is_a_gap_and_then_it_goes_on() -> None:
    async def main() -> None:
        async with (
            fake_collector() as fake,
            fake.client() as client,
            client.watch(max_missed_traces=4) as watch,
        ):
            fake.page_traces = 2
            await fake.announce(fake.store(1))
            assert await next_updates(watch, 1) == [(1, 1)]
            fake.cut()
            for number in range(2, 12):
                fake.store(number)
            gap = await next_event(watch)
            assert isinstance(gap, Gap)
            assert (gap.from_unix_nano, gap.to_unix_nano) == (0, FIRST_UNIX_NANO + 8 * 10**9)
            assert await next_updates(watch, 4) == [(8, 1), (9, 1), (10, 1), (11, 1)]
            await fake.announce(fake.store(12))
            assert await next_updates(watch, 1) == [(12, 1)]

    run(main())


def test_of_more_old_traces_than_the_bound_the_oldest_are_a_gap_too() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            for number in range(10):
                fake.store(number)
            fake.page_traces = 2
            async with client.watch(max_missed_traces=4) as watch:
                fake.cut()
                fake.store(10)
                gap = await next_event(watch)
                assert isinstance(gap, Gap)
                assert gap.to_unix_nano == FIRST_UNIX_NANO + 6 * 10**9 - 1
                assert await next_updates(watch, 1) == [(10, 1)]

    run(main())


def test_the_list_goes_back_by_the_overlap_behind_the_newest_trace() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            for number in range(100):
                fake.store(number)
            async with client.watch(overlap_seconds=10.0) as watch:
                fake.cut()
                # The first one began too long ago to be looked for.
                fake.store(88, 2)
                fake.store(89, 2)
                assert await next_updates(watch, 1) == [(89, 2)]
            starts = [int(parameters["start"]) for parameters in fake.requests[1:]]
            assert starts == [FIRST_UNIX_NANO + 89 * 10**9] * 2

    run(main())


def test_a_resume_that_fails_for_long_begins_where_the_first_attempt_did() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            seconds = 0.0

            async def much_later(parameters: httpx.QueryParams) -> None:
                nonlocal seconds
                seconds += 100.0

            fake.store(5)
            watch = Watch(
                client,
                WatchFilter(),
                FAST,
                overlap_seconds=0.0,
                max_missed_traces=100,
                attempts=None,
                monotonic_seconds=lambda: seconds,
            )
            async with watch:
                await fake.announce(fake.store(10))
                assert await next_updates(watch, 1) == [(10, 1)]
                fake.cut()
                fake.store(7)
                # Three times so many that the connection is given up too.
                fake.answers.extend([error_response(503)] * 15)
                fake.before_list = much_later
                assert await next_updates(watch, 1) == [(7, 1)]

    run(main())
