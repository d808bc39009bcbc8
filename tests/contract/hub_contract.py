"""What every Hub does: each watcher gets every message, in order, whatever becomes of the others."""

from __future__ import annotations

from typing import Protocol

from tests.contract.registry import Contract, expect


class WatcherHarness(Protocol):
    """One open watcher."""

    async def receive(self) -> str:
        """Return the next message; MUST raise when none comes."""
        ...

    async def close(self) -> None:
        """Stop watching; MUST return when the hub knows."""
        ...


class HubHarness(Protocol):
    """A hub that nobody watches when a case begins."""

    async def watch(self) -> WatcherHarness:
        """Return a watcher of everything that is published from now on."""
        ...

    async def watcher_count(self) -> int:
        """See Hub.watcher_count."""
        ...

    async def publish(self, message: str) -> int:
        """See Hub.publish."""
        ...


hub_contract = Contract[HubHarness]()


async def _watchers(hub: HubHarness, count: int) -> list[WatcherHarness]:
    return [await hub.watch() for _ in range(count)]


@hub_contract
async def nobody_watches_at_first(hub: HubHarness) -> None:
    expect(await hub.publish("into the void"), 0)


@hub_contract
async def those_who_watch_are_counted(hub: HubHarness) -> None:
    expect(await hub.watcher_count(), 0)
    first, _ = await _watchers(hub, 2)
    expect(await hub.watcher_count(), 2)
    await first.close()
    expect(await hub.watcher_count(), 1)


@hub_contract
async def who_comes_later_does_not_get_what_was_published_before(hub: HubHarness) -> None:
    await hub.publish("before")
    (watcher,) = await _watchers(hub, 1)
    expect(await hub.publish("after"), 1)
    expect(await watcher.receive(), "after")


@hub_contract
async def every_watcher_gets_every_message_in_order(hub: HubHarness) -> None:
    watchers = await _watchers(hub, 3)
    messages = [f"message {number}" for number in range(30)]
    expect([await hub.publish(message) for message in messages], [3] * 30)
    for watcher in watchers:
        expect([await watcher.receive() for _ in messages], messages)


@hub_contract
async def a_closed_watcher_is_not_counted_and_hurts_nobody(hub: HubHarness) -> None:
    first, second, third = await _watchers(hub, 3)
    await second.close()
    expect(await hub.publish("to two"), 2)
    await first.close()
    expect(await hub.publish("to one"), 1)
    expect([await third.receive(), await third.receive()], ["to two", "to one"])
    await third.close()
    expect(await hub.publish("to nobody"), 0)


@hub_contract
async def a_watcher_that_does_not_read_keeps_nobody_waiting(hub: HubHarness) -> None:
    _, reading = await _watchers(hub, 2)
    for number in range(50):
        await hub.publish(str(number))
        expect(await reading.receive(), str(number))


@hub_contract
async def every_text_survives(hub: HubHarness) -> None:
    (watcher,) = await _watchers(hub, 1)
    for text in (
        "",
        "naïve 日本語 עברית \U0001f680\U0010ffff",
        "NUL \0 \r\n\u2028",
        "\ufeff\uffff",
        '{"a":"\\u0000"}',
    ):
        expect(await hub.publish(text), 1)
        expect(await watcher.receive(), text)


@hub_contract
async def a_message_of_a_megabyte_survives(hub: HubHarness) -> None:
    (watcher,) = await _watchers(hub, 1)
    message = "\U0001f680" * 260_000 + "end"
    expect(await hub.publish(message), 1)
    expect(await watcher.receive(), message)
