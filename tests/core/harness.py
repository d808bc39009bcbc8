"""The application in a test: a database in memory, a hub that remembers, requests as plain values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from otel_worker.api.app import handle
from otel_worker.api.message import Request, Response, WebSocketUpgrade
from otel_worker.api.router import Collector
from otel_worker.errors import PayloadTooLarge
from otel_worker.live.announcement import AnnouncedTrace, Announcement, read_announcement
from otel_worker.live.hub import HubStatus
from otel_worker.settings import Settings
from otel_worker.store.catalog import KnownNames
from otel_worker.store.database import Database, Row, Statement
from otel_worker.store.watched import set_watched
from otel_worker_cli.sqlite import SqliteDatabase
from tests.samples import NOW_UNIX_MS, run

MIGRATIONS = Path(__file__).resolve().parents[2] / "migrations"

AUTH_TOKEN, INGEST_TOKEN, READ_TOKEN = "auth-token", "ingest-token", "read-token"
METRICS_TOKEN = "metrics-token"
SETTINGS = Settings(AUTH_TOKEN, INGEST_TOKEN, READ_TOKEN, metrics_token=METRICS_TOKEN)

_WORKS = HubStatus(watchers=1, dropped_watchers=0, dropped_traces=0)

JSON, PROTOBUF = "application/json", "application/x-protobuf"


def open_database() -> SqliteDatabase:
    """Return an empty database in memory with the project's schema."""
    database = SqliteDatabase(":memory:")
    database.migrate(MIGRATIONS)
    return database


def rows(database: Database, sql: str) -> list[Row]:
    """Return the rows of a query."""
    return run(database.query(Statement(sql)))


def count_rows(database: Database) -> tuple[int, int]:
    """Return how many blocks and how many entries of their index there are."""
    ((blocks, terms),) = rows(
        database, "SELECT (SELECT count(*) FROM span_blocks), (SELECT count(*) FROM span_terms)"
    )
    return blocks, terms


class WatchedDatabase:
    """A Database that counts its calls and can be made to do something else before one of them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.queries: list[Statement] = []
        self.batches: list[Sequence[Statement]] = []
        self.before_query: Callable[[], None] = lambda: None
        self.before_batch: Callable[[], None] = lambda: None

    async def query(self, statement: Statement) -> list[Row]:
        """See Database.query."""
        self.queries.append(statement)
        self.before_query()
        return await self._database.query(statement)

    async def batch(self, statements: Sequence[Statement]) -> list[int]:
        """See Database.batch."""
        self.batches.append(statements)
        self.before_batch()
        return await self._database.batch(statements)


@dataclass
class RecordingHub:
    """A Hub that keeps what it is told, or fails."""

    failure: Exception | None = None
    known_status: HubStatus = _WORKS
    announcements: list[Announcement] = field(default_factory=list)

    def announce(self, announcement: Announcement) -> None:
        """See Hub.announce."""
        if self.failure is not None:
            raise self.failure
        self.announcements.append(announcement)

    async def status(self) -> HubStatus:
        """See Hub.status."""
        return self.known_status

    @property
    def traces(self) -> list[AnnouncedTrace]:
        """Return what was announced."""
        return [trace for text, _ in self.announcements for trace in read_announcement(text)]


class Api:
    """Sends requests to the application; what is set on it holds for the requests that follow."""

    def __init__(self, database: Database, hub: RecordingHub) -> None:
        self.database = database
        self.hub = hub
        self.settings = SETTINGS
        self.now_unix_ms = NOW_UNIX_MS
        self.bodies_read = 0
        self.known_names: defaultdict[int, KnownNames] = defaultdict(KnownNames)

    def watch(self) -> None:
        """Have somebody watch: what is stored from now on is announced to the hub."""
        run(set_watched(self.database, True))

    def send(
        self,
        method: str,
        target: str,
        body: bytes = b"",
        *,
        authorization: str | None = f"Bearer {AUTH_TOKEN}",
        **headers: str,
    ) -> Response | WebSocketUpgrade:
        """Return the answer; `Content_Type="..."` is the header Content-Type."""
        named = {name.replace("_", "-").lower(): value for name, value in headers.items()}
        if authorization is not None:
            named["authorization"] = authorization
        path, _, query = target.partition("?")

        async def read_body(limit_bytes: int) -> bytes:
            self.bodies_read += 1
            if len(body) > limit_bytes:
                raise PayloadTooLarge(limit_bytes)
            return body

        request = Request(method, path, query, _header_of(named), read_body)
        collector = Collector(
            self.settings,
            self.database,
            self.hub,
            lambda: self.now_unix_ms,
            known_names=self.known_names,
        )
        return run(handle(collector, request))

    def respond(self, method: str, target: str, body: bytes = b"", **more: Any) -> Response:
        """Return the answer of a route that is no WebSocket."""
        response = self.send(method, target, body, **more)
        assert isinstance(response, Response)
        return response

    def get(self, target: str, **more: Any) -> Any:
        """Return the JSON of a GET that succeeds."""
        response = self.respond("GET", target, **more)
        assert (response.status, response.content_type) == (200, JSON), response
        return msgspec.json.decode(response.body)

    def refusal(self, method: str, target: str, **more: Any) -> tuple[int, str, str]:
        """Return status, code and message of a request that fails with the API's error shape."""
        response = self.respond(method, target, **more)
        body = msgspec.json.decode(response.body)
        assert (set(body), set(body["error"]), response.content_type) == (
            {"error"},
            {"code", "message"},
            JSON,
        )
        return response.status, body["error"]["code"], body["error"]["message"]

    def export(self, request: Any, **headers: str) -> Response:
        """Return the answer to an export request (a message of opentelemetry-proto) in protobuf."""
        headers = {"Content_Type": PROTOBUF, **headers}
        return self.respond("POST", "/v1/traces", request.SerializeToString(), **headers)


def _header_of(headers: Mapping[str, str]) -> Callable[[str], str | None]:
    return lambda name: headers.get(name.lower())
