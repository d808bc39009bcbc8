"""The catalog: the names that menus offer, so that nobody has to scan the spans for them.

A name is written once, in the transaction of the first block that has it, and stays until no block has it.
Which names are written already is remembered (`KnownNames`), so the usual request has nothing to add, and
reads nothing to know it. What is remembered is forgotten after a while and written again, which costs no row;
a name that retention removed meanwhile comes back so.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from typing import NamedTuple

from otel_worker.errors import IndexMissing
from otel_worker.store import sql_catalog as sql
from otel_worker.store.blocks import encode_json
from otel_worker.store.database import Database, Statement
from otel_worker.store.index import query_by_terms
from otel_worker.store.terms import (
    Names,
    hash_term,
    key_text,
    operation_text,
    scalar_text,
    service_text,
)

SERVICE, OPERATION, ATTRIBUTE = "service", "operation", "attribute"

# Names beyond these are stored and searched like any other, but no menu has them. A menu of thousands helps
# nobody, and names that never repeat (ids in span names) must not cost a row each.
MAX_SERVICES = 1_000
MAX_OPERATIONS_OF_SERVICE = 1_000
MAX_OPERATIONS = 10_000
MAX_ATTRIBUTES = 2_000
MAX_NAME_CHARACTERS = 256

KNOWN_FOR_MS = 600_000
# Of the names of one request; a string of D1 has at most 2 MB.
_MAX_STATEMENT_BYTES = 1_500_000

# Every isolate has forgotten a name by then, or written it again, which takes the mark off.
_STALE_FOR_MS = 3 * KNOWN_FOR_MS
_NAMES_PER_STEP = 1_000

# Of the values of an attribute: 16 blocks are thousands of spans, and take SQLite half a second at most.
_MAX_VALUE_BLOCKS = 16
_MAX_VALUE_BYTES = 8_000_000
_MAX_VALUE_CHARACTERS = 256


class Entry(NamedTuple):
    """One name; `service` is "" unless it is an operation."""

    kind: str
    service: str
    name: str


class ValueCount(NamedTuple):
    """A value as a filter takes it, and how many of the spans looked at have it."""

    value: str
    span_count: int


class KnownNames:
    """The names that are in the catalog of one database for sure, as far as one isolate knows."""

    def __init__(self) -> None:
        self._since_unix_ms = 0
        self._operations: dict[str, set[str]] = {}
        self._operation_count = 0
        self._keys: set[str] = set()

    def find_new(self, names: Iterable[Names], now_unix_ms: int) -> list[Entry]:
        """Return the entries that have to be written, as many as fit in a statement."""
        if not 0 <= now_unix_ms - self._since_unix_ms < KNOWN_FOR_MS:
            self._since_unix_ms = now_unix_ms
            self._operations, self._operation_count, self._keys = {}, 0, set()
        # As keys of a dictionary: each one once.
        found = dict.fromkeys(entry for some in names for entry in self._new_of(some))
        return list(_take_bytes(found, _MAX_STATEMENT_BYTES)) if found else []

    def _new_of(self, names: Names) -> Iterator[Entry]:
        for service, operations in names.operations.items():
            known = self._operations.get(service)
            if known is None:
                if len(self._operations) >= MAX_SERVICES or not _is_listed(service):
                    continue
                yield Entry(SERVICE, "", service)
                known = set()
            room = min(MAX_OPERATIONS_OF_SERVICE - len(known), MAX_OPERATIONS - self._operation_count)
            if room > 0 and not operations <= known:
                listed = (name for name in operations - known if _is_listed(name))
                yield from (Entry(OPERATION, service, name) for name in sorted(listed)[:room])
        room = MAX_ATTRIBUTES - len(self._keys)
        if room > 0 and not names.keys <= self._keys:
            listed = (key for key in names.keys - self._keys if _is_listed(key))
            yield from (Entry(ATTRIBUTE, "", key) for key in sorted(listed)[:room])

    def remember(self, entries: Iterable[Entry]) -> None:
        """Take it that these are written; to be called when the transaction has succeeded."""
        for kind, service, name in entries:
            if kind == ATTRIBUTE:
                self._keys.add(name)
            elif kind == SERVICE:
                self._operations.setdefault(name, set())
            else:
                self._operations.setdefault(service, set()).add(name)
        self._operation_count = sum(map(len, self._operations.values()))


def _is_listed(name: str) -> bool:
    return 0 < len(name) <= MAX_NAME_CHARACTERS


def _take_bytes(entries: Iterable[Entry], limit_bytes: int) -> Iterator[Entry]:
    """Yield entries as long as their rows fit in the limit; the others come with a later request."""
    for entry in entries:
        limit_bytes -= len(_encode(entry)) + 1
        if limit_bytes < 0:
            return
        yield entry


def insert_names(entries: Iterable[Entry]) -> Statement:
    """Return the statement that writes entries, up to the bounds of each kind."""
    rows = b",".join(map(_encode, entries)).decode()
    bounds = (MAX_SERVICES, MAX_OPERATIONS_OF_SERVICE, MAX_OPERATIONS, MAX_ATTRIBUTES)
    return Statement(sql.INSERT_NAMES, (f"[{rows}]", *bounds))


def _encode(entry: Entry) -> bytes:
    kind, service, name = entry
    if kind == OPERATION:
        text = operation_text(service, name)
    else:
        text = service_text(name) if kind == SERVICE else key_text(name)
    return encode_json((kind, service, name, _match(text)))


def _match(text: str) -> str:
    """Return the FTS5 query for the blocks with a name."""
    return f'"{hash_term(text)}"'


async def list_services(database: Database, limit: int) -> list[str]:
    """Return the services that have spans, sorted."""
    return await _list_names(database, SERVICE, "", limit)


async def list_operations(database: Database, service: str, limit: int) -> list[str]:
    """Return the names of a service's spans, sorted."""
    return await _list_names(database, OPERATION, service, limit)


async def list_attributes(database: Database, limit: int) -> list[str]:
    """Return the keys of the attributes of spans and resources, sorted."""
    return await _list_names(database, ATTRIBUTE, "", limit)


async def _list_names(database: Database, kind: str, service: str, limit: int) -> list[str]:
    statement = Statement(sql.NAMES, (kind, service, limit))
    rows = await query_by_terms(database, statement, sql.NAMES_UNINDEXED)
    # Several databases may have the same name.
    return sorted({row[0] for row in rows})[:limit]


async def list_values(database: Database, key: str, limit: int) -> list[ValueCount]:
    """Return the values of an attribute in the newest blocks that have it, the most frequent first.

    Arrays, maps, bytes and what is longer than a menu's line are left out: no filter takes them.
    """
    bounds = (_MAX_VALUE_BLOCKS, _MAX_VALUE_BYTES, _MAX_VALUE_CHARACTERS, limit)
    statement = Statement(sql.VALUES, (key, _match(key_text(key)), *bounds))
    # The same text may come from values of several types, which a filter does not tell apart, and from
    # several databases.
    counts: dict[str, int] = {}
    for kind, text, count in await query_by_terms(database, statement, sql.VALUES_UNINDEXED):
        value = _filter_text(kind, text)
        counts[value] = counts.get(value, 0) + count
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return [ValueCount(value, count) for value, count in ordered[:limit]]


def _filter_text(kind: str, text: str) -> str:
    """Return a value as `attr=key=value` takes it."""
    if kind in ("true", "false"):
        return kind
    return scalar_text(float(text)) if kind == "real" else text


async def delete_stale(database: Database, now_unix_ms: int) -> int:
    """Remove names that no block has had for a while; return how many went.

    A name without a block is marked first, and goes in a later run: an isolate that remembers it would not
    write it again. What was dropped with the index cannot be told, so nothing is done without one.
    """
    ((names,),) = await database.query(Statement(sql.COUNT_NAMES))
    with suppress(IndexMissing):
        for first in range(0, names, _NAMES_PER_STEP):
            await database.batch([Statement(sql.MARK_STALE, (now_unix_ms, first, _NAMES_PER_STEP))])
        latest_ms = max(0, now_unix_ms - _STALE_FOR_MS)
        (deleted,) = await database.batch([Statement(sql.DELETE_STALE, (latest_ms, _NAMES_PER_STEP))])
        return deleted
    return 0
