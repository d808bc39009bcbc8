"""What every Hub does with the messages of its watchers, and with more than it can pass on."""

from __future__ import annotations

import json

from otel_worker.live.broadcaster import MAX_WINDOW_TRACES
from tests.contract.hub_contract import HubHarness, ask, hear
from tests.contract.hub_story import Message, SpanOf, Story, new_spans, read_frame, updated
from tests.contract.registry import Contract, expect

MAX_MESSAGE_BYTES = 16_384

hub_protocol_contract = Contract[HubHarness]()


@hub_protocol_contract
async def a_new_subscription_replaces_the_former(hub: HubHarness) -> None:
    story = Story()
    watcher = await hub.watch()
    both = SpanOf(1, 1, "a", "x"), SpanOf(2, 1, "b", "x")
    await ask(watcher, "subscribe", service="a")
    await hub.export(story.body(*both))
    expect(updated(await hear(watcher, story, both[0])), [story.trace_id(1)])
    await ask(watcher, "subscribe", name="y")
    await hub.export(story.body(SpanOf(3, 1, "a", "x"), SpanOf(4, 1, "b", "y")))
    expect(updated(await hear(watcher, story, SpanOf(4))), [story.trace_id(4)])
    await ask(watcher, "subscribe")
    await hub.export(story.body(SpanOf(5, 1, "c", "z")))
    expect(updated(await hear(watcher, story, SpanOf(5))), [story.trace_id(5)])


@hub_protocol_contract
async def who_unsubscribes_gets_nothing_until_he_subscribes(hub: HubHarness) -> None:
    story = Story()
    watcher, other = await hub.watch(), await hub.watch()
    await ask(watcher, "unsubscribe")
    await hub.export(story.body(SpanOf(1)))
    await hear(other, story, SpanOf(1))
    await ask(watcher, "subscribe")
    await hub.export(story.body(SpanOf(2)))
    expect(updated(await hear(watcher, story, SpanOf(2))), [story.trace_id(2)])
    expect((await hub.status()).watchers, 2)


@hub_protocol_contract
async def one_watcher_s_subscription_is_not_another_s(hub: HubHarness) -> None:
    story = Story()
    first, second, third = [await hub.watch() for _ in range(3)]
    await ask(first, "subscribe", service="a")
    await ask(second, "subscribe", service="b")
    await ask(third, "subscribe", service="a")
    spans = SpanOf(1, 1, "a"), SpanOf(2, 1, "b")
    await hub.export(story.body(*spans))
    for watcher, span in ((first, spans[0]), (second, spans[1]), (third, spans[0])):
        expect(updated(await hear(watcher, story, span)), [story.trace_id(span.trace)])


@hub_protocol_contract
async def several_messages_come_in_one_frame_for_who_wants_it(hub: HubHarness) -> None:
    story = Story()
    watcher, other = await hub.watch(), await hub.watch()
    await ask(watcher, "subscribe", batch=True)
    spans = [SpanOf(number) for number in range(1, 31)]
    await hub.export(story.body(*spans))
    one_by_one = await hear(other, story, *spans)
    frame = await watcher.receive()
    expect(json.loads(frame)[0]["type"], "spanAdded")
    expect(read_frame(frame), one_by_one)


@hub_protocol_contract
async def many_messages_come_in_frames_of_a_bounded_size(hub: HubHarness) -> None:
    story = Story()
    watcher = await hub.watch()
    await ask(watcher, "subscribe", batch=True)
    spans = [SpanOf(number, name="x" * 1_000) for number in range(1, 301)]
    await hub.export(story.body(*spans))
    sizes: list[int] = []
    heard: list[Message] = []
    while len(updated(heard)) < len(spans):
        frame = await watcher.receive()
        sizes.append(len(frame))
        heard += read_frame(frame)
    expect(sorted(updated(heard)), [story.trace_id(span.trace) for span in spans])
    assert max(sizes) < 66_000, sizes
    assert len(sizes) < 15, sizes


_WRONG_DETAILS: dict[str, object] = {
    "details: Expected `object`, got `array`": [],
    "details: Expected `object`, got `null`": None,
    "details: Object contains unknown field `services`": {"services": "a"},
    "details: Expected `str`, got `int` - at `$.service`": {"service": 5},
    "details: Expected `str`, got `null` - at `$.name`": {"name": None},
    "details: Invalid enum value 'ok' - at `$.status`": {"status": "ok"},
    "details: Expected `bool`, got `int` - at `$.batch`": {"batch": 1},
    "minDuration": {"minDuration": "soon"},
}
_TYPES = "type must be subscribe, unsubscribe, ping or pong; found "
_ID = "messageId must be a string of 1 to 128 characters"
# What is sent, the id of the answer, and how its text begins.
MALFORMED: tuple[tuple[str | bytes, str | None, str], ...] = (
    ("", None, "a message is a JSON object: "),
    ("{", None, "a message is a JSON object: "),
    ("[]", None, "a message is a JSON object: "),
    ('"subscribe"', None, "a message is a JSON object: "),
    ('{"messageId":"1","type":"subscribe"} x', None, "a message is a JSON object: "),
    ("[" * 16_000, None, "a message is a JSON object: "),
    ('{"messageId":"1","x":' + "[" * 16_000, None, "a message is a JSON object: "),
    (b'{"messageId":"1","type":"subscribe"}', None, "a message is a text frame with a JSON object, not a "),
    (b"", None, "a message is a text frame with a JSON object, not a binary one"),
    ('{"type":"subscribe"}', None, _ID),
    ('{"type":"pong"}', None, _ID),
    ('{"messageId":"","type":"subscribe"}', None, _ID),
    ('{"messageId":7,"type":"subscribe"}', None, _ID),
    ('{"messageId":"' + "x" * 129 + '","type":"subscribe"}', None, _ID),
    ('{"messageId":"a"}', "a", _TYPES + "'None'"),
    ('{"messageId":"b","type":"Subscribe"}', "b", _TYPES + "'Subscribe'"),
    ('{"messageId":"c","type":["subscribe"]}', "c", _TYPES),
    (
        '{"messageId":"d","type":"subscribe","more":1}',
        "d",
        "a message has messageId, type and details; found ",
    ),
    ('{"messageId":"e","type":"unsubscribe","details":{"service":"a"}}', "e", "details: Object contains "),
    ('{"messageId":"naïve 日本語 \\u0000","type":"?"}', "naïve 日本語 \0", _TYPES + "'?'"),
    *(
        (json.dumps({"messageId": "f", "type": "subscribe", "details": details}), "f", begin)
        for begin, details in _WRONG_DETAILS.items()
    ),
)


@hub_protocol_contract
async def a_malformed_message_is_answered_and_changes_nothing(hub: HubHarness) -> None:
    story = Story()
    watcher = await hub.watch()
    await ask(watcher, "subscribe", service="a")
    for message, message_id, begin in MALFORMED:
        await watcher.send(message)
        (answer,) = read_frame(await watcher.receive())
        expect((answer.kind, answer.message_id), ("error", message_id))
        expect(set(answer.details), {"code", "message"})
        expect(answer.details["message"][: len(begin)], begin)
        assert answer.details["code"] in ("invalid_argument", "invalid_parameter"), answer
    await hub.export(story.body(SpanOf(1, 1, "b"), SpanOf(2, 1, "a")))
    expect(updated(await hear(watcher, story, SpanOf(2))), [story.trace_id(2)])


@hub_protocol_contract
async def a_message_of_the_largest_size_is_read_and_a_larger_one_closes_the_connection(
    hub: HubHarness,
) -> None:
    story = Story()
    watcher, other = await hub.watch(), await hub.watch()
    empty = json.dumps({"messageId": "1", "type": "subscribe", "details": {"service": ""}})
    largest = empty.replace('"service": ""', '"service": "%s"' % ("x" * (MAX_MESSAGE_BYTES - len(empty))))
    expect(len(largest), MAX_MESSAGE_BYTES)
    await watcher.send(largest)
    expect(read_frame(await watcher.receive()), [Message("ack", None, "1")])
    await watcher.send(largest + " ")
    expect(await watcher.close_code(), 1009)
    await other.send(b" " * (MAX_MESSAGE_BYTES + 1))
    expect(await other.close_code(), 1009)
    third = await hub.watch()
    await hub.export(story.body(SpanOf(1)))
    expect(updated(await hear(third, story, SpanOf(1))), [story.trace_id(1)])
    expect((await hub.status()).watchers, 1)


@hub_protocol_contract
async def a_client_s_ping_is_answered_however_it_is_written(hub: HubHarness) -> None:
    watcher = await hub.watch()
    for ping in ('{"type":"ping"}', ' { "type" : "ping" } '):
        await watcher.send(ping)
        expect(await watcher.receive(), '{"type":"pong"}')


HOSTILE_NAMES = (
    '"; DROP TABLE span_blocks; --',
    "' OR 1=1 --",
    '" OR NEAR(* ^ {} :',
    "a\0b\x01\x1f\x7f",
    "naïve 日本語 עברית \U0001f680\U0010ffff \ufeff\uffff \u2028",
    '$.a[0]."b"',
    "  two  words  ",
    "\\u0000\\",
    "x" * 5_000,
)


@hub_protocol_contract
async def any_text_may_be_asked_for(hub: HubHarness) -> None:
    story = Story()
    watchers = [await hub.watch() for _ in HOSTILE_NAMES]
    for watcher, text in zip(watchers, HOSTILE_NAMES, strict=True):
        await ask(watcher, "subscribe", service=text, name=text)
    traces = list(enumerate(HOSTILE_NAMES, 1))
    # The second one is asked for with its first span, which only the database has.
    await hub.export(story.body(*(SpanOf(number, 1, text, text) for number, text in traces)))
    await hub.export(story.body(*(SpanOf(number, 2, "other") for number, _ in traces)))
    for watcher, (number, text) in zip(watchers, traces, strict=True):
        heard = await hear(watcher, story, SpanOf(number, 1), SpanOf(number, 2))
        expect({*updated(heard)}, {story.trace_id(number)})
        expect([each.details["rootName"] for each in heard if each.kind == "traceUpdated"][-1], text)


@hub_protocol_contract
async def what_is_above_a_window_is_counted_and_said(hub: HubHarness) -> None:
    story, before = Story(), (await hub.status()).dropped_traces
    watcher = await hub.watch()
    await ask(watcher, "subscribe", batch=True)
    spans = [SpanOf(number) for number in range(1, MAX_WINDOW_TRACES + 8)]
    await hub.export(story.body(*spans))
    heard: list[Message] = []
    while not heard or heard[-1].kind != "tracesDropped":
        heard += read_frame(await watcher.receive())
    expect(updated(heard), [trace_id for trace_id, _ in new_spans(heard)])
    expect(len(set(updated(heard))), MAX_WINDOW_TRACES)
    expect(heard[-1].details, {"count": 7})
    expect((await hub.status()).dropped_traces - before, 7)


@hub_protocol_contract
async def what_cannot_be_read_is_counted_and_said_to_all_who_subscribed(hub: HubHarness) -> None:
    story, before = Story(), (await hub.status()).dropped_traces
    first, second, third = [await hub.watch() for _ in range(3)]
    await ask(second, "subscribe", service="something else")
    await ask(third, "unsubscribe")
    await hub.fail_next_read()
    await hub.export(story.body(SpanOf(1), SpanOf(2)))
    for watcher in (first, second):
        expect(read_frame(await watcher.receive()), [Message("tracesDropped", {"count": 2})])
    await ask(third, "subscribe")
    await hub.export(story.body(SpanOf(1, 2)))
    for watcher in (first, third):
        heard = await hear(watcher, story, SpanOf(1, 2))
        expect([each.kind for each in heard], ["spanAdded", "traceUpdated"])
        expect(heard[-1].details["spanCount"], 2)
    expect((await hub.status()).dropped_traces - before, 2)
