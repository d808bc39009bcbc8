"""Reading traces out of a collector, page by page, so that it can go on where it was interrupted."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Iterable
from functools import partial
from itertools import islice
from typing import NamedTuple, TypeAlias

import httpx

from otel_worker_cli.client import Client, UnexpectedAnswer
from otel_worker_cli.client.api import next_page, read_json
from otel_worker_cli.client.pages import Parameters
from otel_worker_cli.transfer.patience import patiently
from otel_worker_cli.transfer.records import Encoding

PAGE_TRACES = 100
"""What is exported again after an interruption, at most."""

RECORD_SPANS = 1_000
"""A larger trace becomes several records."""

TRACES_AHEAD = 8
"""So many are asked for at once: far away, most of the time is spent with waiting."""

FirstPage: TypeAlias = "asyncio.Task[httpx.Response]"

_PARAMETERS = (("format", "otlp"), ("limit", str(RECORD_SPANS)))


class ListPage(NamedTuple):
    """The ids on a page of the list, and where the next one is; "" behind the last one."""

    trace_ids: list[str]
    next_path: str
    next_parameters: Parameters


async def read_list_page(client: Client, path: str, parameters: Parameters) -> ListPage:
    """Return a page of the list; raises a ClientError."""
    response = await patiently(partial(client.request, "GET", path, parameters))
    try:
        ids = [str(summary["traceId"]) for summary in read_json(response)]
    except (LookupError, TypeError) as error:
        raise UnexpectedAnswer(f"not a list of traces: {response.text[:200]}") from error
    return ListPage(ids, *next_page(response))


async def read_ahead(
    client: Client, trace_ids: Iterable[str], encoding: Encoding
) -> AsyncGenerator[tuple[str, FirstPage], None]:
    """Yield each trace with its first page, which is asked for while those before it are written.

    Await the page before the next trace: it raises a ClientError, NotFound for a trace that is not there.
    """
    waiting: deque[tuple[str, FirstPage]] = deque()
    ids = iter(trace_ids)
    try:
        while True:
            for trace_id in islice(ids, TRACES_AHEAD - len(waiting)):
                path, parameters = f"/v1/traces/{trace_id}/spans", _PARAMETERS
                waiting.append(
                    (trace_id, asyncio.create_task(_read_page(client, path, parameters, encoding)))
                )
            if not waiting:
                return
            yield waiting.popleft()
    finally:
        tasks = [task for _, task in waiting]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def read_records(
    client: Client, first_page: FirstPage, encoding: Encoding
) -> AsyncGenerator[bytes, None]:
    """Yield a trace as one TracesData or several; raises a ClientError.

    A page that fails is asked for again, the pages before it are not.
    """
    response = await first_page
    while True:
        yield response.content
        path, parameters = next_page(response)
        if not path:
            return
        response = await _read_page(client, path, parameters, encoding)


async def _read_page(client: Client, path: str, parameters: Parameters, encoding: Encoding) -> httpx.Response:
    headers = {"Accept": encoding.value}
    response = await patiently(partial(client.request, "GET", path, parameters, headers=headers))
    found = response.headers.get("Content-Type", "")
    if found != encoding.value:
        raise UnexpectedAnswer(f"the collector answered {found!r} and not {encoding.value}")
    return response
