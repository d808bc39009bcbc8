"""What a search has to find, as data: a caption, the parameters as they stand in a URL, and the traces."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from tests.contract.search_traces import (
    ALSO_LINKED,
    COLLISION,
    DECOYS,
    KEYS,
    LINKED,
    NUMBERS,
    OTHERS,
    SERVICES,
    TEXTS,
    TRACE_NAMES,
    VALUES,
    key_trace,
    resource_trace,
)


class Case(NamedTuple):
    """One query, not encoded yet; "start=@10 ms+5" is 5 ms after the start of the trace "10 ms"."""

    caption: str
    parameters: tuple[str, ...]
    traces: Collection[str]


def _all_values_but(*names: str) -> set[str]:
    return set(VALUES) - set(names)


_ABOVE_ONE = NUMBERS - {
    "double 0.5",
    "int -1",
    "double -0.0",
    "int 0",
    "int 1",
    "smallest int",
    "smallest double",
}
_IS_500 = ("int 500", "double 500.0", "text 500")

EQUAL = (
    Case("a number is equal as int, as double and as text", ("attr=v=500",), _IS_500),
    Case("another form of it is no text that is there", ("attr=v=5e2",), _IS_500[:2]),
    Case("nor is this one", ("attr=v=+0500.000",), _IS_500[:2]),
    Case("this form is a text", ("attr=v=500.0",), (*_IS_500[:2], "text 500.0")),
    Case("a fraction", ("attr=v=.5",), ["double 0.5"]),
    Case("a negative number", ("attr=v=-1",), ["int -1"]),
    Case("zero has no sign", ("attr=v=0",), ["int 0", "double -0.0"]),
    Case("nor here", ("attr=v=-0",), ["int 0", "double -0.0"]),
    Case("one is not true", ("attr=v=1",), ["int 1", "text 1"]),
    Case("true is not one", ("attr=v=true",), ["true", "text true"]),
    Case("false is not zero", ("attr=v=false",), ["false"]),
    Case("booleans have one spelling", ("attr=v=True",), []),
    Case("the largest int", ("attr=v=9223372036854775807",), ["largest int"]),
    Case("one more is a double", ("attr=v=9223372036854775808",), ["double 2^63"]),
    Case("the smallest int", ("attr=v=-9223372036854775808",), ["smallest int"]),
    Case("an int that no double is", ("attr=v=9007199254740993",), ["int 2^53+1"]),
    Case("a double that is an int", ("attr=v=9007199254740992",), ["double 2^53"]),
    Case("a large double", ("attr=v=1e23",), ["double 10^23"]),
    Case("a large double in digits", ("attr=v=100000000000000000000000",), ["double 10^23"]),
    Case("a large double in its own digits", ("attr=v=99999999999999991611392",), ["double 10^23"]),
    Case("the smallest double", ("attr=v=5e-324",), ["smallest double"]),
    Case("too large for a double", ("attr=v=1e999",), []),
    Case("NaN is a text", ("attr=v=NaN",), ["text NaN"]),
    Case("infinity is not", ("attr=v=Infinity",), []),
    Case("an empty text", ("attr=v=",), ["empty text"]),
    Case("null is no text", ("attr=v=null",), []),
    Case("bytes are not their base64", ("attr=v=NTAw",), []),
    Case("arrays are not their JSON", ('attr=v=["500",500,true]',), []),
    Case("a word", ("attr=v=abc",), ["word"]),
    Case("case counts", ("attr=v=ABC",), []),
    Case("unicode", ("attr=v=naïve 日本 🦄",), ["unicode"]),
    Case("unicode is not normalized", ("attr=v=nai\u0308ve 日本 🦄",), []),
    Case("patterns are plain text", ("attr=v=100%_*?[a]",), ["percent"]),
    Case("SQL is plain text", ("attr=v='; DROP TABLE span_blocks; -- \"",), ["quotes"]),
    Case("a zero byte is part of a text", ("attr=v=left\0right",), ["zero byte"]),
    Case("and does not end it", ("attr=v=left",), []),
    Case("a backslash", ("attr=v=C:\\new\\u0041",), ["backslash"]),
    Case("full-text syntax", ('attr=v=NEAR("a" OR b*) AND NOT ^terms:x',), ["full-text syntax"]),
    Case("two lines", ("attr=v=one\ntwo",), ["two lines"]),
    Case("operators in a value", ("attr=v=a=b>=c!=d~e",), ["operators"]),
    Case("spaces belong to a value", ("attr=v= padded ",), ["spaces"]),
    Case("without them it is another", ("attr=v=padded",), []),
    Case("spaces around the operator do not count", ("attr=v = 500",), _IS_500),
)
OTHER_OPERATORS = (
    Case("not equal, for all types", ("attr=v!=500",), _all_values_but(*_IS_500)),
    Case("not equal to a text", ("attr=v!=abc",), _all_values_but("word")),
    Case("not true", ("attr=v!=true",), _all_values_but("true", "text true")),
    Case("not empty", ("attr=v!=",), _all_values_but("empty text")),
    Case("greater", ("attr=v>1",), _ABOVE_ONE),
    Case("greater or equal", ("attr=v>=1",), {*_ABOVE_ONE, "int 1"}),
    Case("less", ("attr=v<1",), NUMBERS - _ABOVE_ONE - {"int 1"}),
    Case("less or equal", ("attr=v<=1",), NUMBERS - _ABOVE_ONE),
    Case("greater, spaced out", ("attr=v > 1",), _ABOVE_ONE),
    Case("above the largest are doubles", ("attr=v>9223372036854775807",), ["double 2^63", "double 10^23"]),
    Case("nothing is below the smallest", ("attr=v<-9223372036854775808",), []),
    Case("exact next to 2^53", ("attr=v>9007199254740992", "attr=v<9007199254740994"), ["int 2^53+1"]),
    Case("below what no double holds", ("attr=v<1e999",), NUMBERS),
    Case("a range", ("attr=v>=-1", "attr=v<0.5"), ["int -1", "int 0", "double -0.0", "smallest double"]),
    Case(
        "texts are ordered by their bytes",
        ("attr=v>Z",),
        ["text true", "word", "unicode", "zero byte", "two lines", "operators"],
    ),
    Case("up to and with", ("attr=v<=Abc",), {name for name in TEXTS if str(VALUES[name]) <= "Abc"}),
    Case("true is a text in an order", ("attr=v>=true",), ["text true"]),
    Case("contains", ("attr=v~bc",), ["word", "capital"]),
    Case("contains unicode", ("attr=v~本 🦄",), ["unicode"]),
    Case("contains no pattern", ("attr=v~%_*",), ["percent"]),
    Case("contains a zero byte", ("attr=v~\0r",), ["zero byte"]),
    Case("contains what follows one", ("attr=v~right",), ["zero byte"]),
    Case("contains digits only in texts", ("attr=v~50",), ["text 500", "text 500.0"]),
    Case("contains nothing: any text", ("attr=v~",), TEXTS),
    Case("contains exists", ("attr=v~ exists",), []),
    Case("exists, with any value", ("attr=v exists",), VALUES),
    Case("exists only under its own name", ("attr=V exists",), []),
    Case("exists nowhere", ("attr=vv exists",), []),
)  # fmt: skip


def _traces_of(key: str, operator: str) -> list[str]:
    traces = [key_trace(key), resource_trace(key)]
    also = {"map": ["where it belongs"]}
    if operator == " exists":
        also["spans"] = ["in an array", "in a map of the resource"]
    return [*traces, *also.get(key, [])]


PLACES = (
    *(
        Case(f"key {key!r} {operator}", (f"attr={key}{operator}",), _traces_of(key, operator))
        for key in KEYS
        for operator in ("=here", " exists", "~er")
    ),
    Case("in no value, event, link or scope", ("attr=deep=here",), ["where it belongs"]),
    Case("nor does it exist there", ("attr=deep exists",), ["where it belongs"]),
    Case("nor are there names of spans", ("name=deep name",), ["where it belongs"]),
    Case("on one span", ("name=deep name", "attr=deep=here", "attr=map=here"), ["where it belongs"]),
    Case("what is around it exists", ("attr=outer exists",), list(DECOYS)[1:4]),
    Case("on the span", ("attr=both=span",), ["the same key in both"]),
    Case("on the resource, though the span has it too", ("attr=both=resource",), ["the same key in both"]),
    Case("each holds for itself", ("attr=both=span", "attr=both=resource"), ["the same key in both"]),
    Case("not equal on one of them", ("attr=both!=span",), ["the same key in both", "crossed"]),
    Case("a value of the other key", ("attr=env=ann",), []),
)
_SERVICE_OF = {
    "checkout": ["named", "named and a Worker"],
    "worker": ["dummy of a Worker", "a number as name"],
    "script": ["dummy of a script", "a script"],
    "cloudflare-workers-observability": ["only a dummy"],
    "late": ["long"],
    "Checkout": [],
    "check": [],
    "7": [],
}
_NAMES_ITSELF = {
    *SERVICES,
    "all on one span",
    "spread over spans",
    "spread over requests",
    "one collision",
    "its twin",
    "linked to two",
    "linked beside a failure",
    "linked and failed",
}
SERVICES_AND_NAMES = (
    *(Case(f"service {service}", (f"service={service}",), traces) for service, traces in _SERVICE_OF.items()),
    Case(
        "no service",
        ("service=unknown_service",),
        (set(TRACE_NAMES) - _NAMES_ITSELF) | {"empty name", "linked beside a failure", "linked and failed"},
    ),
    Case(
        "an attribute is what was sent",
        ("attr=service.name=cloudflare-workers-observability",),
        ["dummy of a Worker", "dummy of a script", "only a dummy"],
    ),
    Case("a name", ("name=GET /cart",), list(OTHERS)[:3]),
    Case("names are whole", ("name=GET",), []),
    Case("a name and its service", ("name=GET /cart", "service=till"), list(OTHERS)[1:3]),
    Case(
        "errors",
        ("status=error",),
        [*list(OTHERS)[:3], "linked beside a failure", "linked and failed", "long"],
    ),
    Case("errors of a service", ("status=error", "service=till"), ["spread over spans"]),
    Case(
        "not of another service of the trace",
        ("status=error", "service=shop"),
        ["all on one span", "spread over requests"],
    ),
    Case("one of two names that collide", (f"name={COLLISION[0]}",), ["one collision"]),
    Case("one of two services that collide", (f"service={COLLISION[1]}",), ["its twin"]),
    Case("one of two values that collide", (f"attr=c={COLLISION[1]}",), ["its twin"]),
    Case("one of two keys that collide", (f"attr={COLLISION[0]} exists",), ["one collision"]),
    Case("a key that collides with a value", ("attr=125c9e9e84a4 exists",), ["key like a pair"]),
    Case("a value that collides with a key", ("attr=c=ce6907d94233",), ["pair like a key"]),
)  # fmt: skip
_ON_ONE = ["all on one span"]
TOGETHER = (
    Case("two attributes", ("attr=code=500", "attr=user=ann"), _ON_ONE),
    Case("an attribute and a name", ("attr=code=500", "name=GET /cart"), _ON_ONE),
    Case("an attribute and an error", ("attr=user=ann", "status=error"), _ON_ONE),
    Case("a name and an error", ("name=GET /cart", "status=error"), ["all on one span", "spread over spans"]),
    Case("all of a span", ("name=GET /cart", "status=error", "service=till"), ["spread over spans"]),
    Case(
        "everything at once",
        ("name=GET /cart", "status=error", "service=shop", "attr=code>499", "attr=user~an"),
        _ON_ONE,
    ),
    Case(
        "eight attributes",
        ("attr=code=500", "attr=code>=500", "attr=code<=500", "attr=code!=1", "attr=user=ann", "attr=user~n",
         "attr=user exists", "attr=service.name=shop"),
        _ON_ONE,
    ),
    Case("span and resource", ("attr=code=200", "attr=env=prod"), ["on the span and its resource"]),
    Case("not of another's resource", ("attr=code=200", "attr=env=test"), []),
    Case("nor with an order", ("attr=code>300", "attr=env=prod"), []),
    Case("in a block without terms", ("attr=many.20000=20000",), ["among many values"]),
    Case("its name", ("name=unindexed",), ["among many values"]),
    Case("both", ("name=unindexed", "attr=code=500"), ["among many values"]),
    Case("not all of it", ("name=unindexed", "attr=code=501"), []),
)  # fmt: skip
_LINKED = (
    "linked",
    "linked to two",
    "linked beside a failure",
    "linked and failed",
    "linked in a later request",
)
_LINK = f"link={LINKED}"
LINKS = (
    Case("a link", (_LINK,), _LINKED),
    Case("in capitals", (f"link={LINKED.upper()}",), _LINKED),
    Case("the first of two", (f"link={ALSO_LINKED}",), ["linked to two", "linked to the other"]),
    Case("nobody links to it", (f"link={'b' * 32}",), []),
    Case("to a trace among many values", (f"link={'2' * 32}",), ["among many values"]),
    Case("on a span with this name", (_LINK, "name=take"), ["linked and failed"]),
    Case("on a span that failed", (_LINK, "status=error"), ["linked and failed"]),
    Case("of a service", (_LINK, "service=queue"), ["linked and failed"]),
    Case("with an attribute of the span or its resource", (_LINK, "attr=code=500"), _LINKED[1:4:2]),
    Case("all of it", (_LINK, "attr=code=500", "status=error", "name=take", "service=queue"), _LINKED[3:4]),
    Case("in a trace that takes long", (_LINK, "minDuration=15ms"), _LINKED[3:]),
    Case("of a service, in a trace that takes long", (_LINK, "service=shop", "minDuration=15ms"), []),
    Case(
        "in spans after the end",
        (_LINK, "end=@linked in a later request+1", "start=@linked beside a failure"),
        _LINKED[2:],
    ),
)
_TIMED = ("name=timed",)
_90_MS = ["90 ms in two requests", "90 ms in one request"]
DURATIONS = (
    Case("at least", (*_TIMED, "minDuration=60ms"), [*_90_MS, "root came last"]),
    Case("exactly, both ends belong to it", (*_TIMED, "minDuration=90ms", "maxDuration=90ms"), _90_MS),
    Case("a nanosecond more", (*_TIMED, "minDuration=90000001ns"), []),
    Case("in other units", (*_TIMED, "minDuration=0.09s", "maxDuration=90000us"), _90_MS),
    Case("the whole trace of a span", ("name=late", "minDuration=61ms"), _90_MS),
    Case(
        "at most",
        (*_TIMED, "maxDuration=20ms"),
        ["10 ms", "no root", "ends before it starts", "never ended"],
    ),
    Case("none at all", (*_TIMED, "maxDuration=0s"), ["ends before it starts", "never ended"]),
    Case("several roots", (*_TIMED, "minDuration=30ms", "maxDuration=30ms"), ["two roots"]),
    Case("the root came last", ("name=root", "minDuration=60ms", "maxDuration=60ms"), ["root came last"]),
    Case(
        "without other conditions",
        ("minDuration=25ms",),
        [*_90_MS, "root came last", "two roots", "long", "linked in a later request"],
    ),
    Case("an error in a long trace", ("status=error", "minDuration=1s"), ["long"]),
    Case("a service in a short one", ("service=late", "maxDuration=1s"), []),
    Case("a short trace within another", ("minDuration=20ms", "start=@long+1"), []),
    Case("begun before the search", ("minDuration=1ms", "start=@long+1", "end=@long+900"), []),
    Case("from its start on", ("minDuration=2s", "start=@long", "end=@long"), ["long"]),
)
TIMES = (
    Case("its start is its time", ("service=late", "start=@long", "end=@long"), ["long"]),
    Case("not its later spans", ("service=late", "start=@long+1"), []),
    Case("found in spans after the end", ("attr=late=1", "end=@long+1000"), ["long"]),
    Case("by name", ("name=late end", "end=@long+1000"), ["long"]),
    Case("by error", ("status=error", "start=@long", "end=@long+1000"), ["long"]),
    Case("not before it starts", ("name=late end", "end=@long+-1"), []),
    Case("a value within bounds", ("attr=v=500", "start=@double 500.0", "end=@text 500"), _IS_500[1:]),
    Case("a value outside", ("attr=v=500", "start=@word"), []),
    Case("the end before the start", ("attr=v=500", "start=@text 500", "end=@int 500"), []),
    Case("all there is", ("start=@10 ms", "end=@90 ms in two requests"), ["10 ms", "90 ms in two requests"]),
)  # fmt: skip

TOPICS = {
    "equal": EQUAL,
    "other_operators": OTHER_OPERATORS,
    "places": PLACES,
    "services_and_names": SERVICES_AND_NAMES,
    "conditions_together": TOGETHER,
    "links": LINKS,
    "durations": DURATIONS,
    "times": TIMES,
}
