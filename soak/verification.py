"""What is in the database after a soak, compared with what was acknowledged."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from otel_worker.store.blocks import decode_heads, decode_parts
from soak.ledger import ExportId

_MAX_EXAMPLES = 5


@dataclass
class Findings:
    """How often the acknowledged spans are in the database, and what else is wrong there."""

    once: int = 0
    missing: int = 0
    repeated: int = 0
    # Of requests that were given up: stored all the same, which is no fault.
    stored_without_answer: int = 0
    blocks: int = 0
    size_bytes: int = 0
    problems: list[str] = field(default_factory=list)

    @property
    def is_clean(self) -> bool:
        return not (self.missing or self.repeated or self.problems)


def verify_database(path: Path, acknowledged: list[ExportId], given_up: list[ExportId]) -> Findings:
    """Read the whole SQLite file of a collector that is stopped, and compare."""
    connection = apsw.Connection(str(path))
    findings = Findings(size_bytes=path.stat().st_size)
    stored: Counter[tuple[str, str]] = Counter()
    try:
        _check_structure(connection, findings)
        stored = _read_blocks(connection, findings)
    except apsw.Error as error:
        _tell(findings, f"the file cannot be read: {error}")
    finally:
        connection.close()
    for export in acknowledged:
        for ids in export.span_ids():
            copies = stored.pop(ids, 0)
            findings.once += copies == 1
            findings.missing += copies == 0
            findings.repeated += copies > 1
            if copies != 1:
                _tell(findings, f"acknowledged span {'/'.join(ids)} is there {copies} times")
    for export in given_up:
        copies_of_all = {stored.pop(ids, 0) for ids in export.span_ids()}
        findings.stored_without_answer += copies_of_all == {1}
        if copies_of_all not in ({0}, {1}):
            _tell(findings, f"a request without an answer is there in part: {export}")
    for ids in stored:
        _tell(findings, f"span {'/'.join(ids)} was never sent")
    return findings


def _check_structure(connection: apsw.Connection, findings: Findings) -> None:
    """Ask SQLite whether its file is whole, and compare the two tables."""
    for (answer,) in connection.execute("PRAGMA integrity_check"):
        if answer != "ok":
            _tell(findings, f"integrity_check: {answer}")
    try:
        connection.execute("INSERT INTO span_terms (span_terms) VALUES ('integrity-check')")
    except apsw.Error as error:
        _tell(findings, f"the index is damaged: {error}")
    for name, other in (("span_blocks", "span_terms"), ("span_terms", "span_blocks")):
        ids = {"span_blocks": "id", "span_terms": "rowid"}
        sql = f"SELECT {ids[name]} FROM {name} EXCEPT SELECT {ids[other]} FROM {other}"
        for (block_id,) in connection.execute(sql):
            _tell(findings, f"block {block_id} is in {name} and not in {other}")


def _read_blocks(connection: apsw.Connection, findings: Findings) -> Counter[tuple[str, str]]:
    """Return how often each span is stored; each block has to agree with its heads and with the index."""
    stored: Counter[tuple[str, str]] = Counter()
    rows = connection.execute("SELECT id, span_count, heads, spans FROM span_blocks ORDER BY id")
    for block_id, span_count, heads, spans in rows:
        findings.blocks += 1
        ids = [
            (part.trace_id, span.span_id)
            for part in decode_parts(spans)
            for group in part.groups
            for span in group.spans
        ]
        stored.update(ids)
        trace_ids = {trace_id for trace_id, _ in ids}
        if len(ids) != span_count or {head.trace_id for head in decode_heads(heads)} != trace_ids:
            _tell(findings, f"block {block_id} does not hold what its heads say")
        for trace_id in trace_ids:
            match = connection.execute(
                "SELECT 1 FROM span_terms WHERE span_terms MATCH ? AND rowid = ?", (f'"{trace_id}"', block_id)
            )
            if match.fetchone() is None:
                _tell(findings, f"the index does not find trace {trace_id} in block {block_id}")
    return stored


def _tell(findings: Findings, problem: str) -> None:
    if len(findings.problems) < _MAX_EXAMPLES:
        findings.problems.append(problem)
    elif len(findings.problems) == _MAX_EXAMPLES:
        findings.problems.append("... and more")
