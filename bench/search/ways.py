"""The two ways to ask the collector: over HTTP in workerd, and natively as a function call."""

from __future__ import annotations

import asyncio
import re
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.ingest.projects import OURS, TOKEN, assemble
from bench.search.datasets import Dataset
from bench.search.questions import Question, TraceQuestion
from otel_worker.api.app import handle
from otel_worker.api.message import Request, Response
from otel_worker.api.router import Collector
from otel_worker.settings import Settings
from otel_worker_cli.hub import LocalHub
from otel_worker_cli.runtime.failures import ToolingError
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.runtime.session import DevSession, apply_migrations
from otel_worker_cli.sqlite import SqliteDatabase

# Seconds until the whole answer was there, the answer, and its Link header or "".
Get = Callable[[str], tuple[float, bytes, str]]

_NEXT = re.compile(r'<([^>]+)>; rel="next"')
# A search may answer with less than a page; that it takes so many to fill one means that it never ends.
_MAX_REQUESTS = 200


@dataclass(frozen=True, slots=True)
class Answer:
    """What a question took: the time of all its requests, how many they were, and what they found."""

    seconds: float
    requests: int
    trace_count: int
    rows_read: int


def ask(get: Get, question: Question | TraceQuestion, rows_read: Callable[[], int] = lambda: 0) -> Answer:
    """Ask until a page is full or there is no more; raises ToolingError when the answer is wrong.

    `rows_read` returns what D1 has read so far.
    """
    target = question.target
    for _ in range(1, question.page):
        target = _next_target(get(target)[2])
    rows_before = rows_read()
    seconds = 0.0
    answers: list[bytes] = []
    while len(answers) < _MAX_REQUESTS:
        took, answer, link = get(target)
        seconds += took
        answers.append(answer)
        if not link or question.is_complete(answers):
            rows = rows_read() - rows_before
            return Answer(seconds, len(answers), question.check(answers), rows)
        target = _next_target(link)
    raise ToolingError(f"GET {question.target} found no full page in {_MAX_REQUESTS} requests.")


def _next_target(link: str) -> str:
    match = _NEXT.search(link)
    if match is None:
        raise ToolingError(f"There is no next page in the Link header {link!r}.")
    return match[1]


def start_worker(dataset: Dataset, folder: Path, checkout: Checkout) -> DevSession:
    """Run the collector over a copy of the dataset as its local D1; the caller has to stop it."""
    project = assemble(OURS, folder, checkout)
    apply_migrations(folder / "wrangler.toml", project.persist_to, checkout)
    file = project.database_file()
    for path in file.parent.glob(f"{file.name}-*"):
        path.unlink()
    shutil.copyfile(dataset.database, file)
    return project.start(checkout)


@contextmanager
def native_get(dataset: Dataset) -> Iterator[Get]:
    """Ask the collector's application in this process, over SQLite."""
    with SqliteDatabase(dataset.database) as database, asyncio.Runner() as runner:
        collector = Collector(
            Settings(auth_token=TOKEN), database, LocalHub(database), lambda: time.time_ns() // 1_000_000
        )

        def get(target: str) -> tuple[float, bytes, str]:
            path, _, query = target.partition("?")
            started = time.perf_counter()
            response = runner.run(handle(collector, Request("GET", path, query, _header, _no_body)))
            seconds = time.perf_counter() - started
            if not isinstance(response, Response) or response.status != 200:
                raise ToolingError(f"GET {target} failed natively.", detail=repr(response)[:500])
            return seconds, response.body, dict(response.headers).get("Link", "")

        yield get


def _header(name: str) -> str | None:
    return f"Bearer {TOKEN}" if name.lower() == "authorization" else None


async def _no_body(_limit_bytes: int) -> bytes:
    return b""
