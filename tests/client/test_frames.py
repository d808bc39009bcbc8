"""Frames that are not what a watch hopes for: refusals, nonsense, and messages of a later version."""

from __future__ import annotations

import json

import pytest

from otel_worker_cli.client import Refused, UnexpectedAnswer
from tests.client.events import next_event, next_updates, run
from tests.client.fake_collector import fake_collector


def test_an_error_as_the_answer_to_the_subscription_is_raised() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client:
            details = {"code": "invalid_parameter", "message": "minDuration must be"}
            fake.before_ack = [json.dumps({"messageId": "1", "type": "error", "details": details})]
            with pytest.raises(Refused, match="minDuration must be") as caught:
                await next_event(client.watch())
            assert caught.value.code == "invalid_parameter"

    run(main())


@pytest.mark.usefixtures("unchecked")
@pytest.mark.parametrize(
    "frame",
    [
        "nonsense",
        "7",
        "[7]",
        '{"type":"traceUpdated","details":{}}',
        '{"type":"traceUpdated"}',
        '{"type":"spanAdded","details":{"newSpans":[["a"]]}}',
        '{"type":"spanAdded","details":{"newSpans":3}}',
        "[" * 100_000,
    ],
)
def test_a_frame_of_something_else_is_raised(frame: str) -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            (socket,) = fake.sockets
            await socket.send(frame)
            with pytest.raises(UnexpectedAnswer):
                await next_event(watch)

    run(main())


@pytest.mark.usefixtures("unchecked")
def test_a_message_of_a_later_version_is_passed_over() -> None:
    async def main() -> None:
        async with fake_collector() as fake, fake.client() as client, client.watch() as watch:
            await fake.send({"type": "weather", "details": {"sun": True}}, {"details": 3})
            await fake.announce(fake.store(1))
            assert await next_updates(watch, 1) == [(1, 1)]

    run(main())
