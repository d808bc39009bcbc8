"""The group commit: one write for many, and no answer before it."""

from __future__ import annotations

import asyncio

import pytest

from otel_worker.errors import StorageFailure, StorageUnavailable
from otel_worker.metrics.group_commit import STUCK_MS, WINDOW_MS, GroupCommit
from tests.core.metric_runtime import FakeRuntime, settle


class Scene:
    """A group commit with what it has saved; made inside an event loop."""

    def __init__(self) -> None:
        self.runtime = FakeRuntime()
        self.changes = 0
        self.saved: list[int] = []
        self.failure: Exception | None = None
        self.commit = GroupCommit(
            self._save, self.runtime.new_event, self.runtime.sleep, self.runtime.now_unix_ms
        )

    def _save(self) -> None:
        if self.failure is not None:
            raise self.failure
        self.saved.append(self.changes)

    def change(self) -> asyncio.Task[int]:
        """Make a change; the task ends when it is durable, and returns how many are saved by then."""

        async def wait() -> int:
            self.changes += 1
            await self.commit.wait()
            return self.saved[-1]

        return asyncio.create_task(wait())


async def start() -> Scene:
    """Return a scene in the window of a first commit."""
    scene = Scene()
    first = scene.change()
    await settle()
    assert (first.done(), scene.saved, scene.runtime.sleeps) == (True, [1], [])
    return scene


def test_those_of_one_window_are_saved_together_at_its_end_and_answered_then() -> None:
    async def story() -> None:
        scene = await start()
        tasks = [scene.change() for _ in range(5)]
        await scene.runtime.advance(WINDOW_MS - 1)
        tasks.append(scene.change())
        await settle()
        assert ([task.done() for task in tasks], scene.saved) == ([False] * 6, [1])
        await scene.runtime.advance(1)
        assert [task.result() for task in tasks] == [7] * 6
        assert (scene.saved, scene.runtime.sleeps) == ([1, 7], [WINDOW_MS / 1000])

    asyncio.run(story())


def test_after_a_pause_a_change_is_saved_at_once_and_sooner_at_the_end_of_the_window() -> None:
    async def story() -> None:
        scene = await start()
        await scene.runtime.advance(WINDOW_MS)
        second = scene.change()
        await settle()
        assert (second.done(), scene.runtime.sleeps) == (True, [])
        await scene.runtime.advance(200)
        third = scene.change()
        await settle()
        assert (third.done(), scene.runtime.sleeps) == (False, [(WINDOW_MS - 200) / 1000])
        await scene.runtime.advance(WINDOW_MS - 200)
        assert (third.done(), scene.saved) == (True, [1, 2, 3])

    asyncio.run(story())


def test_a_save_that_fails_fails_all_who_wait_and_the_next_one_begins_anew() -> None:
    async def story() -> None:
        scene = await start()
        tasks = [scene.change() for _ in range(3)]
        scene.failure = StorageFailure("full")
        await scene.runtime.advance(WINDOW_MS)
        errors = await asyncio.gather(*tasks, return_exceptions=True)
        assert [type(error) for error in errors] == [StorageFailure, StorageUnavailable, StorageUnavailable]
        scene.failure = None
        again = scene.change()
        await settle()
        assert (again.result(), scene.saved) == (5, [1, 5])

    asyncio.run(story())


def test_when_the_one_who_was_to_save_is_cancelled_the_others_fail_and_none_waits_for_ever() -> None:
    async def story() -> None:
        scene = await start()
        leader, follower = scene.change(), scene.change()
        await settle()
        leader.cancel()
        await settle()
        with pytest.raises(StorageUnavailable, match="send the request again later"):
            await asyncio.wait_for(follower, 30)
        later = scene.change()
        await scene.runtime.advance(WINDOW_MS)
        assert (later.result(), scene.saved) == (4, [1, 4])

    asyncio.run(story())


def test_one_who_was_to_save_and_never_comes_back_holds_others_up_for_a_bounded_time() -> None:
    async def story() -> None:
        scene = await start()
        lost = scene.change()
        await settle()
        # What a runtime does that forgets a coroutine: it is not even cancelled.
        scene.runtime._sleeping.clear()
        await scene.runtime.advance(STUCK_MS)
        waiting = scene.change()
        await settle()
        assert not waiting.done()
        await scene.runtime.advance(1)
        fresh = scene.change()
        await settle()
        assert (fresh.result(), scene.saved) == (4, [1, 4])
        assert not lost.done()
        for task in (lost, waiting):
            task.cancel()

    asyncio.run(story())


def test_a_clock_that_is_set_back_makes_nobody_wait_longer_than_a_window() -> None:
    async def story() -> None:
        scene = await start()
        await scene.runtime.advance(-3_600_000)
        task = scene.change()
        await settle()
        assert scene.runtime.sleeps == [WINDOW_MS / 1000]
        await scene.runtime.advance(WINDOW_MS)
        assert task.done()

    asyncio.run(story())


def test_what_comes_after_a_save_waits_for_the_next_one() -> None:
    async def story() -> None:
        scene = await start()
        second = scene.change()
        await scene.runtime.advance(WINDOW_MS)
        third = scene.change()
        await settle()
        assert (second.done(), third.done(), scene.saved) == (True, False, [1, 2])
        await scene.runtime.advance(WINDOW_MS)
        assert third.result() == 3

    asyncio.run(story())
