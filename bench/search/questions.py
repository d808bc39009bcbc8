"""What is asked, with other values each time, and what the answer has to be."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

from bench.search.facts import Facts
from bench.search.traffic import (
    END_UNIX_NANO,
    HOUR,
    LARGE_TRACE_ID,
    RARE_SERVICE,
    SERVICES,
    Traffic,
)
from otel_worker_cli.runtime.failures import ToolingError

LIMIT = 20
_LATEST_UNIX_NANO = 2**63 - 1
_SECOND = 1_000_000_000
_MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """A list that is asked for: the traces of its pages together, up to a page, have to be these."""

    target: str
    trace_ids: Sequence[str]
    # Which page is measured.
    page: int = 1

    def check(self, answers: Sequence[bytes]) -> int:
        """Return how many traces the pages hold; raises ToolingError when they are not the right ones."""
        found = [summary["traceId"] for answer in answers for summary in json.loads(answer)][:LIMIT]
        if found != self.trace_ids:
            raise ToolingError(
                f"GET {self.target} has a wrong answer.", detail=f"expected {self.trace_ids}, found {found}"
            )
        return len(found)

    def is_complete(self, answers: Sequence[bytes]) -> bool:
        """Tell whether the pages so far fill one; a search may answer less and go on with the next."""
        return sum(len(json.loads(answer)) for answer in answers) >= LIMIT


@dataclass(frozen=True, slots=True)
class TraceQuestion:
    """A trace that is asked for by its id, with all of its spans."""

    target: str
    trace_id: str
    span_count: int
    page: int = 1

    def check(self, answers: Sequence[bytes]) -> int:
        """Return 1; raises ToolingError when it is not this trace or not all of it."""
        trace = json.loads(answers[0])
        spans = {span["spanId"] for span in trace["spans"]}
        spans.update(span["spanId"] for answer in answers[1:] for span in json.loads(answer))
        found = (trace["traceId"], trace["spanCount"], len(spans))
        if found != (self.trace_id, self.span_count, self.span_count):
            raise ToolingError(f"GET {self.target} has a wrong answer.", detail=str(found))
        return 1

    def is_complete(self, answers: Sequence[bytes]) -> bool:
        """Say no: a large trace goes on as long as there is a Link to more of its spans."""
        return False


@dataclass(frozen=True, slots=True)
class Criteria:
    """Parameters of a list, and the same as SQL over the facts' `traces`."""

    parameters: tuple[tuple[str, str], ...] = ()
    condition: str = "TRUE"
    values: tuple[str | int, ...] = ()
    start_unix_nano: int = 0
    end_unix_nano: int = _LATEST_UNIX_NANO


class Asker:
    """Makes the questions to one dataset."""

    def __init__(self, traffic: Traffic, facts: Facts, random: Random) -> None:
        self.traffic = traffic
        self.random = random
        self._facts = facts

    def trace(self) -> TraceQuestion:
        """Return the question for any trace of the usual size."""
        # The large trace has a number too.
        trace_id, span_count = self._facts.trace(self.random.randrange(self.traffic.trace_count + 1))
        return TraceQuestion(f"/v1/traces/{trace_id}", trace_id, span_count)

    def list(self, criteria: Criteria, page: int = 1) -> Question:
        """Return the question for the newest traces that meet the criteria."""
        parameters = [("limit", str(LIMIT)), *criteria.parameters]
        if criteria.start_unix_nano:
            parameters.append(("start", str(criteria.start_unix_nano)))
        if criteria.end_unix_nano < _LATEST_UNIX_NANO:
            parameters.append(("end", str(criteria.end_unix_nano)))
        expected = self._facts.newest(
            criteria.condition,
            criteria.values,
            criteria.start_unix_nano,
            criteria.end_unix_nano,
            page * LIMIT,
        )
        return Question(f"/v1/traces?{urlencode(parameters)}", expected[(page - 1) * LIMIT :], page)


def _any_time(asker: Asker) -> Criteria:
    start = asker.traffic.start_unix_nano
    # Not in the first tenth: there must be a page behind it, and another one.
    end = asker.random.randrange(start + (END_UNIX_NANO - start) // 10, END_UNIX_NANO)
    return Criteria(end_unix_nano=end)


def _service(asker: Asker) -> Criteria:
    service = asker.random.choice(SERVICES)
    return Criteria((("service", service),), _SOME_SPAN.format("service = ?1"), (service,))


def _rare_service(_: Asker) -> Criteria:
    return Criteria((("service", RARE_SERVICE),), _RARE_SPAN.format("service = ?1"), (RARE_SERVICE,))


def _error(_: Asker) -> Criteria:
    return Criteria((("status", "error"),), _SOME_SPAN.format("is_error"))


def _service_and_error(asker: Asker) -> Criteria:
    service = asker.random.choice(SERVICES)
    condition = _SOME_SPAN.format("is_error AND service = ?1")
    return Criteria((("service", service), ("status", "error")), condition, (service,))


def _duration(shortest_ms: int, longest_ms: int) -> Callable[[Asker], Criteria]:
    def criteria(asker: Asker) -> Criteria:
        milliseconds = asker.random.randrange(shortest_ms, longest_ms)
        condition = "end_unix_nano - start_unix_nano >= ?1"
        return Criteria((("minDuration", f"{milliseconds}ms"),), condition, (milliseconds * _MILLISECOND,))

    return criteria


def _name(asker: Asker) -> Criteria:
    route, method = _route(asker), asker.random.choice(("GET", "POST", "PUT", "DELETE"))
    name = f"{method} {route}"
    return Criteria((("name", name),), _SOME_SPAN.format("name = ?1"), (name,))


def _common_attribute(asker: Asker) -> Criteria:
    route = _route(asker)
    return Criteria((("attr", f"http.route={route}"),), _SOME_SPAN.format("route = ?1"), (route,))


def _rare_attribute(asker: Asker) -> Criteria:
    user = _user(asker)
    return Criteria((("attr", f"enduser.id={user}"),), _RARE_SPAN.format("user = ?1"), (user,))


def _absent_attribute(asker: Asker) -> Criteria:
    return Criteria((("attr", f"enduser.id=nobody-{asker.random.getrandbits(32)}"),), "FALSE")


def _rare_pair(asker: Asker) -> Criteria:
    user = _user(asker)
    parameters = (("attr", f"enduser.id={user}"), ("attr", "http.request.method=GET"))
    return Criteria(parameters, _RARE_SPAN.format("user = ?1 AND method = 'GET'"), (user,))


def _common_pair(asker: Asker) -> Criteria:
    route = _route(asker)
    parameters = (("attr", f"http.route={route}"), ("attr", "http.response.status_code=404"))
    return Criteria(parameters, _SOME_SPAN.format("route = ?1 AND status_code = 404"), (route,))


def _range_in_newest_hour(asker: Asker) -> Criteria:
    # Between 404 and 500 nothing is sent.
    status_code = asker.random.randrange(405, 501)
    return Criteria(
        (("attr", f"http.response.status_code>={status_code}"),),
        _SOME_SPAN.format("status_code >= ?1"),
        (status_code,),
        END_UNIX_NANO - HOUR,
    )


def _contains_in_newest_hour(asker: Asker) -> Criteria:
    text = f"/cart/{asker.random.randrange(100, 1000)}"
    return Criteria(
        (("attr", f"url.path~{text}"),),
        _SOME_SPAN.format("instr(path, ?1)"),
        (text,),
        END_UNIX_NANO - HOUR,
    )


# The first is fast for what many traces have, the second for what few do.
_SOME_SPAN = "EXISTS (SELECT 1 FROM spans WHERE trace_number = number AND {})"
_RARE_SPAN = "number IN (SELECT trace_number FROM spans WHERE {})"


def _route(asker: Asker) -> str:
    noun = asker.random.choice(("cart", "orders", "products", "users", "payments"))
    return f"/api/v{asker.random.randrange(1, 4)}/{noun}/{{id}}"


def _user(asker: Asker) -> str:
    return f"user-{asker.random.randrange(asker.traffic.user_count)}"


def _list_of(criteria: Callable[[Asker], Criteria], page: int = 1) -> Callable[[Asker], Question]:
    return lambda asker: asker.list(criteria(asker), page)


KINDS: dict[str, Callable[[Asker], Question | TraceQuestion]] = {
    "newest": _list_of(lambda _: Criteria()),
    "before any time": _list_of(_any_time),
    "page 2": _list_of(_any_time, page=2),
    "service": _list_of(_service),
    "rare service": _list_of(_rare_service),
    "error": _list_of(_error),
    "service and error": _list_of(_service_and_error),
    "at least 150 to 250 ms": _list_of(_duration(150, 250)),
    "at least 20 to 30 s": _list_of(_duration(20_000, 30_000)),
    "span name": _list_of(_name),
    "attribute, common": _list_of(_common_attribute),
    "attribute, 20 traces": _list_of(_rare_attribute),
    "attribute, absent": _list_of(_absent_attribute),
    "two attributes, one rare": _list_of(_rare_pair),
    "two attributes, common": _list_of(_common_pair),
    "range, newest hour": _list_of(_range_in_newest_hour),
    "contains, newest hour": _list_of(_contains_in_newest_hour),
    "trace of 8 spans": Asker.trace,
    "trace of 10,000 spans": lambda asker: TraceQuestion(
        f"/v1/traces/{LARGE_TRACE_ID}", LARGE_TRACE_ID, asker.traffic.large_trace_spans
    ),
}
