"""Searches on every Database, asked as a client asks them: cases as data, all pages, and brute force."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from random import Random
from typing import NamedTuple
from urllib.parse import quote

import msgspec

from otel_worker.api.handlers.traces import list_traces
from otel_worker.api.message import Request
from otel_worker.api.router import Collector
from otel_worker.settings import Settings
from otel_worker.store import listing
from otel_worker.store.database import Database
from otel_worker.store.index import READY, drop_index, rebuild_index
from otel_worker.store.read import read_summaries
from otel_worker.store.terms import UNINDEXED_TERM
from tests.contract import search_model
from tests.contract.registry import Contract, expect
from tests.contract.scene import Scene
from tests.contract.search_cases import TOPICS, Case
from tests.contract.search_traces import SCENE, TRACE_NAMES, requests, start_ms_of

search_contract = Contract[Database]()

_LINK = re.compile(r'</v1/traces\?([^>]+)>; rel="next"')
_MOMENT = re.compile(r"@(.+?)(?:\+(-?\d+))?")
_MAX_REBUILD_CALLS = 100
_RANDOM_QUERIES = 150


class _Page(NamedTuple):
    """The names of the traces on a page, and the query of the next page."""

    names: list[str]
    next_query: str | None


async def _get(database: Database, query: str) -> _Page:
    """Return the answer to GET /v1/traces."""

    async def read_body(limit_bytes: int) -> bytes:
        raise AssertionError("a search read a body")

    collector = Collector(Settings("token"), database, None, lambda: SCENE.now_unix_ms)
    response = await list_traces(collector, Request("GET", "/v1/traces", query, lambda name: None, read_body))
    headers = dict(response.headers)
    assert set(headers) <= {"Link"}, headers
    link = _LINK.fullmatch(headers["Link"]) if headers else None
    summaries = msgspec.json.decode(response.body)
    names = [TRACE_NAMES[int(summary["traceId"][8:], 16) - 1] for summary in summaries]
    return _Page(names, link[1] if link else None)


async def _get_all(database: Database, query: str, limit: int) -> list[str]:
    """Return what all pages show; every page but the last is full."""
    names: list[str] = []
    next_query: str | None = f"{query}&limit={limit}"
    while next_query is not None:
        page = await _get(database, next_query)
        names += page.names
        next_query = page.next_query
        assert len(page.names) == limit or next_query is None, f"{len(page.names)} on a page of {limit}"
        assert len(names) <= len(TRACE_NAMES), "the pages do not end"
    return names


def _query_of(parameters: Sequence[str]) -> str:
    """Return parameters as a query string within the day of the scene."""
    values = dict.fromkeys(("start", "end"), "")
    pairs = [parameter.split("=", 1) for parameter in parameters]
    values["start"] = str(SCENE.start_unix_nano)
    values["end"] = str(SCENE.start_unix_nano + 86_399_999_999_999)
    for name, value in pairs:
        if name in values:
            moment = _MOMENT.fullmatch(value)
            assert moment, value
            at_ms = start_ms_of(moment[1]) + int(moment[2] or 0)
            values[name] = str(SCENE.start_unix_nano + at_ms * 1_000_000)
    filters = [f"{name}={quote(value, safe='')}" for name, value in pairs if name not in values]
    return "&".join([*filters, *(f"{name}={value}" for name, value in values.items())])


async def _store(database: Database) -> None:
    """Store all traces of the scene, unless they are there."""
    if len(await read_summaries(database, [SCENE.trace_id(1), SCENE.trace_id(len(TRACE_NAMES))])) < 2:
        unindexed = 0
        for parts in requests():
            unindexed += sum(UNINDEXED_TERM in block.terms for block in await SCENE.write(database, *parts))
        expect(unindexed, 1)


async def _check(database: Database, cases: Sequence[Case], page_limits: Sequence[int]) -> None:
    """Fail unless every case finds its traces in the list's order, on pages of all these sizes."""
    await _store(database)
    wrong: list[str] = []
    for caption, parameters, traces in cases:
        wanted = [name for name in reversed(TRACE_NAMES) if name in traces]
        assert len(wanted) == len(traces), f"{caption}: a trace that does not exist in {traces}"
        for limit in page_limits:
            found = await _get_all(database, _query_of(parameters), limit)
            if found != wanted:
                wrong.append(f"{caption}: {parameters}, pages of {limit}\n  found {found}\n wanted {wanted}")
    if wrong:
        raise AssertionError(f"{len(wrong)} wrong\n" + "\n".join(wrong)[:20_000])


def _case_of(cases: Sequence[Case]) -> Callable[[Database], Awaitable[None]]:
    return partial(_check, cases=cases, page_limits=(1000,))


for _topic, _cases in TOPICS.items():
    search_contract.cases[f"a_search_finds_{_topic}"] = _case_of(_cases)


@search_contract
async def a_search_has_the_same_list_on_pages_of_any_size(database: Database) -> None:
    captions = {"not equal, for all types", "exists, with any value", "errors", "without other conditions"}
    cases = [case for cases in TOPICS.values() for case in cases if case.caption in captions]
    expect(len(cases), len(captions))
    await _check(database, cases, (1, 2, 3, 7))


@search_contract
async def a_search_without_the_index_finds_the_same(database: Database) -> None:
    await _store(database)
    await drop_index(database)
    try:
        for cases in TOPICS.values():
            # Every other one: nothing but the way to the blocks is different.
            await _check(database, cases[::2], (1000,))
    finally:
        for _ in range(_MAX_REBUILD_CALLS):
            if (await rebuild_index(database)).state == READY:
                break


@search_contract
async def a_search_finds_what_brute_force_finds(database: Database) -> None:
    random, scene = Random(3), Scene(201)
    trace_ids = [scene.trace_id(number) for number in range(12)]
    exports = search_model.random_exports(random, scene.start_unix_nano, len(trace_ids))
    for export in exports:
        await scene.write(database, *search_model.parts_of(export, trace_ids))
    for _ in range(_RANDOM_QUERIES):
        query = search_model.random_query(random, scene.start_unix_nano)
        wanted = search_model.find(exports, trace_ids, query)
        page = await listing.list_traces(database, query)
        found = [trace_ids.index(head.trace_id) for head in page.heads]
        expect((query, found), (query, [each.trace_number for each in wanted][: query.limit]))
        expect(page.next is None, len(wanted) <= query.limit)
