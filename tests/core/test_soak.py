"""The soak's own judgement: what it would say of a database that lost something, doubled it or tore it."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from otel_worker.otlp.protobuf_decoder import decode_export_protobuf
from otel_worker.store.blocks import build_blocks
from otel_worker.store.write import write_blocks
from otel_worker_cli.sqlite import SqliteDatabase
from soak.ledger import ExportId
from soak.verification import Findings, verify_database
from soak.writers import export_body
from tests.core.harness import MIGRATIONS
from tests.samples import NOW_UNIX_MS, run

EXPORTS = [ExportId(writer, number, 2, 5) for writer in range(2) for number in range(1, 4)]
SPAN_COUNT = 30


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database file with all exports."""
    file = tmp_path / "soak.sqlite"
    with SqliteDatabase(file) as database:
        database.migrate(MIGRATIONS)
        for export in EXPORTS:
            store(database, export)
    return file


def store(database: SqliteDatabase, export: ExportId, text_bytes: int = 10) -> None:
    blocks, _ = build_blocks(decode_export_protobuf(export_body(export, text_bytes)).parts)
    run(write_blocks(database, blocks, NOW_UNIX_MS))


def change(path: Path, *statements: str) -> None:
    """Change the file behind the collector's back."""
    connection = apsw.Connection(str(path))
    for statement in statements:
        connection.execute(statement)
    connection.close()


def test_no_two_spans_of_a_soak_have_the_same_ids() -> None:
    ids = [ids for export in EXPORTS for ids in export.span_ids()]
    assert len(set(ids)) == len(ids) == SPAN_COUNT
    assert {(len(trace_id), len(span_id)) for trace_id, span_id in ids} == {(32, 16)}


def test_a_database_that_holds_what_was_acknowledged_is_clean(path: Path) -> None:
    findings = verify_database(path, EXPORTS, [])
    assert findings == Findings(once=SPAN_COUNT, blocks=6, size_bytes=path.stat().st_size)
    assert findings.is_clean


def test_what_had_no_answer_may_be_there_whole_or_not_at_all(path: Path) -> None:
    never_stored = ExportId(7, 1, 1, 3)
    findings = verify_database(path, EXPORTS[1:], [EXPORTS[0], never_stored])
    assert (findings.once, findings.stored_without_answer, findings.is_clean) == (25, 1, True)


def test_an_acknowledged_span_that_is_not_there_is_missing(path: Path) -> None:
    lost = ExportId(8, 1, 1, 2)
    findings = verify_database(path, [*EXPORTS, lost], [])
    assert (findings.once, findings.missing, findings.is_clean) == (SPAN_COUNT, 2, False)
    assert findings.problems[0].endswith("is there 0 times")


def test_a_span_in_two_blocks_is_repeated(path: Path) -> None:
    with SqliteDatabase(path) as database:
        store(database, EXPORTS[0], text_bytes=50)
    findings = verify_database(path, EXPORTS, [])
    assert (findings.once, findings.repeated, findings.is_clean) == (SPAN_COUNT - 5, 5, False)


def test_a_span_that_nobody_sent_is_a_problem(path: Path) -> None:
    assert verify_database(path, EXPORTS[1:], []).problems[0].endswith("was never sent")


def test_a_request_that_is_there_in_part_is_a_problem(path: Path) -> None:
    larger = EXPORTS[0]._replace(span_count=9)
    findings = verify_database(path, EXPORTS[1:], [larger])
    assert findings.problems == [f"a request without an answer is there in part: {larger}"]


@pytest.mark.parametrize(
    ("damage", "problem"),
    [
        (
            "DELETE FROM span_terms WHERE rowid = (SELECT min(id) FROM span_blocks)",
            "is in span_blocks and not",
        ),
        ("INSERT INTO span_terms (rowid, terms) VALUES (7, 'x')", "block 7 is in span_terms and not"),
        (
            "INSERT OR REPLACE INTO span_terms (rowid, terms) SELECT min(id), 'x' FROM span_blocks",
            "the index does not find trace",
        ),
        ("UPDATE span_blocks SET span_count = 4", "does not hold what its heads say"),
    ],
)
def test_tables_that_disagree_are_a_problem(damage: str, problem: str, path: Path) -> None:
    change(path, damage)
    findings = verify_database(path, EXPORTS, [])
    assert findings.once == SPAN_COUNT
    assert problem in findings.problems[0]


def test_a_file_with_a_torn_page_is_a_problem(path: Path) -> None:
    change(path, "PRAGMA wal_checkpoint(TRUNCATE)")
    content = bytearray(path.read_bytes())
    # The count of cells of the last page, which is one of a table or of the index.
    content[-4096 + 3 : -4096 + 5] = b"\xff\xff"
    path.write_bytes(content)
    assert not verify_database(path, EXPORTS, []).is_clean


def test_a_file_that_is_no_database_is_a_problem(path: Path) -> None:
    path.write_bytes(b"no database" * 999)
    findings = verify_database(path, EXPORTS, [])
    assert "the file cannot be read" in findings.problems[0]
    assert findings.missing == SPAN_COUNT
