"""An isolate that stores spans as the ingest does, and the menus it fills, for the tests of the catalog."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from otel_worker.model import Attributes, Resource, Scope, SpanGroup, TracePart
from otel_worker.store.catalog import KnownNames, insert_names, list_operations, list_services
from otel_worker.store.database import Database
from otel_worker.store.write import write_blocks
from tests.core.harness import rows
from tests.samples import NOW_UNIX_MS, blocks_of, make_span, run, trace_id

ALL = 100_000


class Isolate:
    """Stores spans as the ingest does, with a memory of its own for names."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.known = KnownNames()

    def store(
        self,
        number: int,
        operations: Mapping[str, Sequence[str]],
        *,
        at_ms: int = NOW_UNIX_MS,
        attributes: Attributes | None = None,
    ) -> None:
        """Store a trace of these span names by service."""
        groups = [
            SpanGroup(
                Resource({"service.name": service}),
                Scope(),
                [
                    make_span(n, at_ms * 1_000_000, name=name, attributes=attributes)
                    for n, name in enumerate(names)
                ],
            )
            for service, names in operations.items()
        ]
        blocks = blocks_of(TracePart(trace_id(number), groups))
        new = self.known.find_new([block.names for block in blocks], at_ms)
        run(write_blocks(self.database, blocks, at_ms, [insert_names(new)] if new else []))
        self.known.remember(new)


def services(database: Database) -> list[str]:
    return run(list_services(database, ALL))


def operations(database: Database, service: str) -> list[str]:
    return run(list_operations(database, service, ALL))


def catalog_rows(database: Database) -> int:
    ((count,),) = rows(database, "SELECT count(*) FROM catalog")
    return int(count)
