"""The traces that all cases of a search are asked of: each is somebody's counterexample."""

from __future__ import annotations

from typing import NamedTuple

from otel_worker.model import (
    STATUS_ERROR,
    Attributes,
    Event,
    Link,
    Resource,
    Scope,
    Span,
    SpanExtras,
    SpanGroup,
    TracePart,
    Value,
)
from tests.contract.scene import Scene

SCENE = Scene(200)
SECOND_MS = 1_000
_TRACES_PER_REQUEST = 7


_NONE: Attributes = {}


class Sent(NamedTuple):
    """A span with its resource and scope, in milliseconds from the start of its trace's second."""

    attributes: Attributes = _NONE
    resource: Attributes = _NONE
    name: str = "work"
    error: bool = False
    at_ms: int = 0
    for_ms: int = 1
    parent: str = ""
    extras: SpanExtras | None = None
    scope: Scope = Scope()


# The value of the attribute "v", one a trace.
VALUES: dict[str, Value] = {
    "int 500": 500,
    "double 500.0": 500.0,
    "text 500": "500",
    "text 500.0": "500.0",
    "double 0.5": 0.5,
    "int -1": -1,
    "double -0.0": -0.0,
    "int 0": 0,
    "int 1": 1,
    "true": True,
    "false": False,
    "text true": "true",
    "text 1": "1",
    "largest int": 2**63 - 1,
    "smallest int": -(2**63),
    "int 2^53+1": 2**53 + 1,
    "double 2^53": 2.0**53,
    "double 2^63": 2.0**63,
    "double 10^23": 1e23,
    "smallest double": 5e-324,
    "array": ["500", 500, True],
    "map": {"map": {"v": 500, "w": "500"}},
    "bytes": {"bytes": "NTAw"},
    "unset": None,
    "empty text": "",
    "NaN": {"double": "NaN"},
    "infinity": {"double": "Infinity"},
    "text NaN": "NaN",
    "word": "abc",
    "capital": "Abc",
    "unicode": "naïve 日本 🦄",
    "percent": "100%_*?[a]",
    "quotes": "'; DROP TABLE span_blocks; -- \"",
    "zero byte": "left\0right",
    "backslash": "C:\\new\\u0041",
    "full-text syntax": 'NEAR("a" OR b*) AND NOT ^terms:x',
    "two lines": "one\ntwo",
    "operators": "a=b>=c!=d~e",
    "spaces": " padded ",
}
NUMBERS = frozenset(name for name, value in VALUES.items() if type(value) in (int, float))
TEXTS = frozenset(name for name, value in VALUES.items() if isinstance(value, str))

# Each is a key with the value "here" in one trace.
KEYS = (
    "http.route", "user id", 'quo"ted', "it's", "back\\slash", "path/to", "ключ🗝", "[8]", "$", "$[0]",
    "$[0].groups[0].spans[0][8]", "resource.attributes", "resource", "attributes", "spans", "spans[0]",
    "map", "bytes", "double", "%", "a*b", "zero\0byte", "two\nlines", ".", "0", "key", "a!b", "exists", '"',
)  # fmt: skip

_DUMMY = "cloudflare-workers-observability"
SERVICES: dict[str, Attributes] = {
    "named": {"service.name": "checkout"},
    "named and a Worker": {"service.name": "checkout", "faas.name": "worker", "cloudflare.script_name": "w"},
    "dummy of a Worker": {"service.name": _DUMMY, "faas.name": "worker", "cloudflare.script_name": "script"},
    "dummy of a script": {"service.name": _DUMMY, "faas.name": "", "cloudflare.script_name": "script"},
    "a script": {"cloudflare.script_name": "script"},
    "only a dummy": {"service.name": _DUMMY},
    "empty name": {"service.name": ""},
    "a number as name": {"service.name": 7, "faas.name": "worker"},
}

# What looks like attributes of a span, in places where it is something else.
_NESTED: Value = [[0, 1, "deep name", 3, 4, 5, STATUS_ERROR, 7, {"map": {"deep": "here", "map": "here"}}]]
_ELSEWHERE: Attributes = {
    "deep": "here",
    "spans": _NESTED,
    "x].spans[0": _NESTED,
    "groups": [{"map": {"spans": _NESTED}}],
}
# One of them is real, so that the index leads to the block that they are in together.
DECOYS: dict[str, Sent] = {
    "where it belongs": Sent({"deep": "here", "map": "here"}, name="deep name"),
    "in a map": Sent({"outer": {"map": {"deep": "here", "map": {"map": {"deep": "here"}}}}}),
    "in an array": Sent({"outer": [{"map": {"deep": "here"}}], "spans": _NESTED, "x].spans[0": _NESTED}),
    "in a map of the resource": Sent({}, {"outer": {"map": _ELSEWHERE}, "spans": _NESTED}),
    "in an event": Sent(extras=SpanExtras(events=[Event(1, "deep name", _ELSEWHERE)])),
    "in a link": Sent(extras=SpanExtras(links=[Link("0" * 31 + "1", "0" * 15 + "1", "", _ELSEWHERE)])),
    "in the scope": Sent(scope=Scope("deep name", "here", _ELSEWHERE)),
}

# Different texts with the same crc32, whatever stands before them; and a key like another key's value.
COLLISION = ("c50963c80102", "d3f504638284")
_KEY_LIKE_PAIR, _PAIR_LIKE_KEY = "125c9e9e84a4", "ce6907d94233"

_GET, _POST = "GET /cart", "POST /cart"

# More than a block has terms for.
_MANY_VALUES: Attributes = {"code": 500, **{f"many.{number}": number for number in range(20_001)}}

# What is linked to need not be stored.
LINKED, ALSO_LINKED = "c" * 32, "d" * 32


def _linked(*trace_ids: str, attributes: Attributes | None = None) -> SpanExtras:
    """Return what a span has that links to these traces."""
    return SpanExtras(links=[Link(trace_id, "e" * 16, attributes=attributes or {}) for trace_id in trace_ids])


# Each trace is a list of requests.
OTHERS: dict[str, list[list[Sent]]] = {
    "all on one span": [[Sent({"code": 500, "user": "ann"}, {"service.name": "shop"}, _GET, True)]],
    "spread over spans": [
        [
            Sent({"code": 500}, {"service.name": "shop"}, _POST),
            Sent({"user": "ann"}, {"service.name": "shop"}, _GET),
            Sent({"code": 200}, {"service.name": "till"}, _GET, True),
        ]
    ],
    "spread over requests": [
        [Sent({"code": 500}, {"service.name": "shop"}, _POST, True)],
        [Sent({"user": "ann"}, {"service.name": "till"}, _GET, at_ms=5)],
    ],
    "on the span and its resource": [
        [Sent({"code": 200}, {"env": "prod"}), Sent({"code": 404}, {"env": "test"})]
    ],
    "the same key in both": [[Sent({"both": "span"}, {"both": "resource"})]],
    "crossed": [[Sent({"both": "other"}, {"env": "test"}), Sent({"code": 200}, {"env": "dev"})]],
    "one collision": [
        [Sent({"c": COLLISION[0], COLLISION[0]: 1}, {"service.name": COLLISION[0]}, COLLISION[0])]
    ],
    "its twin": [[Sent({"c": COLLISION[1], COLLISION[1]: 1}, {"service.name": COLLISION[1]}, COLLISION[1])]],
    "key like a pair": [[Sent({_KEY_LIKE_PAIR: 1})]],
    "pair like a key": [[Sent({"c": _PAIR_LIKE_KEY})]],
    "linked": [[Sent(extras=_linked(LINKED))]],
    "linked to two": [[Sent({"code": 500}, {"service.name": "shop"}, extras=_linked(ALSO_LINKED, LINKED))]],
    "linked to the other": [[Sent(extras=_linked(ALSO_LINKED, ALSO_LINKED)), Sent()]],
    "linked beside a failure": [
        [Sent({"code": 500}, {"service.name": "queue"}, "take", True), Sent(extras=_linked(LINKED))]
    ],
    "linked and failed": [
        [
            Sent({}, {"service.name": "queue", "code": 500}, "take", True, extras=_linked(LINKED), for_ms=15),
            Sent(),
        ]
    ],
    "linked in a later request": [[Sent()], [Sent(at_ms=300, for_ms=0, extras=_linked(LINKED))]],
    "not linked, though it says so": [
        [Sent({"traceId": LINKED, "][9].links[0]": {"map": {"traceId": LINKED}}, "links": [LINKED]})],
        [Sent(extras=_linked("1" * 32, attributes={"traceId": LINKED}))],
        [Sent(extras=SpanExtras(events=[Event(1, LINKED, {"traceId": LINKED})]))],
        [Sent(scope=Scope(LINKED, "1", {"links": [{"map": {"traceId": LINKED}}]}))],
    ],
    "10 ms": [[Sent(name="timed", for_ms=10)]],
    "90 ms in two requests": [[Sent(name="timed", for_ms=10)], [Sent(name="late", at_ms=80, for_ms=10)]],
    "90 ms in one request": [[Sent(name="timed", for_ms=10), Sent(name="late", at_ms=80, for_ms=10)]],
    "root came last": [
        [Sent(name="late", at_ms=30, for_ms=5, parent=f"{9:016x}")],
        [Sent(name="timed", at_ms=20, for_ms=30, parent=f"{9:016x}")],
        [Sent(name="root", for_ms=60)],
    ],
    "no root": [[Sent(name="timed", for_ms=20, parent=f"{9:016x}"), Sent(at_ms=15, parent=f"{9:016x}")]],
    "two roots": [[Sent(name="timed", for_ms=25), Sent(name="timed", at_ms=5, for_ms=25)]],
    "ends before it starts": [[Sent(name="timed", for_ms=-5)]],
    "never ended": [[Sent(name="timed", for_ms=-10_000_000_000)]],
    # Its spans are half a second apart, so that other traces start between them.
    "long": [
        [Sent(name="begin", for_ms=1)],
        [Sent({"late": 1}, {"service.name": "late"}, "late end", True, at_ms=2_500)],
    ],
    "among many values": [[Sent(_MANY_VALUES, name="unindexed", extras=_linked("2" * 32))]],
}


def _all_traces() -> dict[str, list[list[Sent]]]:
    traces = {name: [[Sent({"v": value})]] for name, value in VALUES.items()}
    traces |= {key_trace(key): [[Sent({key: "here"})]] for key in KEYS}
    traces |= {resource_trace(key): [[Sent({}, {key: "here"})]] for key in KEYS}
    traces |= {name: [[Sent({}, resource)]] for name, resource in SERVICES.items()}
    traces |= {name: [[sent]] for name, sent in DECOYS.items()}
    return traces | OTHERS


def key_trace(key: str) -> str:
    """Return the name of the trace that has this key on its span."""
    return f"{key!r} on a span"


def resource_trace(key: str) -> str:
    """Return the name of the trace that has this key on its resource."""
    return f"{key!r} on a resource"


TRACES = _all_traces()
# In the order of their start, a second apart.
TRACE_NAMES = tuple(TRACES)


def start_ms_of(name: str) -> int:
    """Return when a trace starts, in milliseconds of the scene."""
    return (TRACE_NAMES.index(name) + 1) * SECOND_MS


def requests() -> list[list[TracePart]]:
    """Return all export requests: those of one request come several traces together."""
    together: list[list[TracePart]] = [[]]
    decoys: list[TracePart] = []
    apart: list[list[TracePart]] = []
    for name, sent_requests in TRACES.items():
        for number, sent in enumerate(sent_requests):
            part = _part(name, number, sent)
            if len(sent_requests) > 1:
                apart.append([part])
            elif name in DECOYS:
                decoys.append(part)
            else:
                if len(together[-1]) == _TRACES_PER_REQUEST:
                    together.append([])
                together[-1].append(part)
    return [*together, decoys, *apart]


def _part(name: str, request_number: int, sent_spans: list[Sent]) -> TracePart:
    groups = []
    for number, sent in enumerate(sent_spans):
        span = Span(
            f"{request_number * 100 + number + 1:016x}",
            sent.parent,
            sent.name,
            1,
            SCENE.start_unix_nano + (start_ms_of(name) + sent.at_ms) * 1_000_000,
            sent.for_ms * 1_000_000,
            STATUS_ERROR if sent.error else 0,
            0,
            sent.attributes,
            sent.extras,
        )
        groups.append(SpanGroup(Resource(sent.resource), sent.scope, [span]))
    return TracePart(SCENE.trace_id(TRACE_NAMES.index(name) + 1), groups)
