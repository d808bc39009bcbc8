"""The databases that are searched: made once, natively, and kept with the generated files of the checkout."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import blake2b
from itertools import chain
from pathlib import Path

from bench.ingest import bodies
from bench.ingest.progress import say
from bench.search import facts, traffic
from bench.search.facts import FactsWriter
from bench.search.traffic import END_UNIX_NANO, Traffic
from otel_worker import model
from otel_worker.model import TracePart
from otel_worker.store import blocks, terms, write
from otel_worker.store.blocks import build_blocks
from otel_worker.store.database import Statement
from otel_worker.store.write import write_blocks
from otel_worker_cli.runtime.project import Checkout
from otel_worker_cli.sqlite import SqliteDatabase

# What decides what is in a database, with the migrations.
_MAKERS = (bodies, traffic, facts, model, blocks, terms, write)
_SHOW_EVERY_REQUESTS = 500


@dataclass(frozen=True, slots=True)
class Dataset:
    """A database with the traffic in it, and what is known of it."""

    traffic: Traffic
    database: Path
    facts: Path


def prepare(checkout: Checkout, traffic: Traffic) -> Dataset:
    """Return the database with this traffic, made unless it is there; nobody may have had its requests."""
    migrations = checkout.root / "migrations"
    home = checkout.generated / "bench"
    folder = home / f"search-{_key(migrations)}" / f"{traffic.span_count}-{traffic.large_trace_spans}"
    dataset = Dataset(traffic, folder / "spans.sqlite", folder / "facts.sqlite")
    if folder.is_dir():
        return dataset
    for outdated in home.glob("search-*"):
        if outdated != folder.parent:
            shutil.rmtree(outdated)
    unfinished = folder.with_suffix(".unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    asyncio.run(_make(traffic.requests(), migrations, unfinished))
    unfinished.rename(folder)
    return dataset


def _key(migrations: Path) -> str:
    """Return a name that changes with the schema and with the code that fills it."""
    sources = (Path(str(module.__file__)) for module in _MAKERS)
    files = chain(sorted(migrations.glob("*.sql")), sources, [Path(__file__)])
    return blake2b(b"".join(path.read_bytes() for path in files), digest_size=8).hexdigest()


async def _make(requests: Iterable[list[TracePart]], migrations: Path, folder: Path) -> None:
    writer = FactsWriter(folder / "facts.sqlite")
    written = 0
    with SqliteDatabase(folder / "spans.sqlite") as database:
        database.migrate(migrations)
        # What a power cut spoils is made again.
        await database.query(Statement("PRAGMA synchronous = OFF"))
        for number, parts in enumerate(requests):
            writer.add(parts)
            built, _ = build_blocks(parts)
            stored = (await write_blocks(database, built, END_UNIX_NANO // 1_000_000)).blocks
            written += sum(block.span_count for block in stored)
            if number % _SHOW_EVERY_REQUESTS == 0:
                say(f"making the database: {written:,} spans")
    writer.finish()
