"""SQL of the index as a whole, of what is read without it, of statistics and of retention.

Texts name the index as `span_terms`; `in_rebuild` is the same text for the one that is being built.
`span_terms_docsize` is a table of FTS5's own, with one row for each row of the index.
"""

from __future__ import annotations

INDEX_TABLES = "SELECT name FROM sqlite_master WHERE name IN ('span_terms', 'span_terms_rebuild')"

# As in the migration.
CREATE_REBUILD = """
CREATE VIRTUAL TABLE IF NOT EXISTS span_terms_rebuild USING fts5(
  terms, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
)
"""
FINISH_REBUILD = "ALTER TABLE span_terms_rebuild RENAME TO span_terms"
DROP_INDEX = "DROP TABLE IF EXISTS span_terms"
DROP_REBUILD = "DROP TABLE IF EXISTS span_terms_rebuild"


def in_rebuild(text: str) -> str:
    """Return a statement of the index for the index that is being built."""
    return text.replace("span_terms", "span_terms_rebuild")


# What stands in a batch for a statement of an index that does not exist.
NOTHING = "SELECT 1 WHERE 0"

COUNT_BLOCKS = "SELECT count(*) AS blocks FROM span_blocks"
COUNT_INDEXED = """
SELECT count(*) AS blocks, count(entry.id) AS indexed, (SELECT count(*) FROM span_terms_docsize) AS entries
FROM span_blocks AS block LEFT JOIN span_terms_docsize AS entry ON entry.id = block.id
"""
# The oldest ?1 blocks that are not in the index.
BLOCKS_TO_INDEX = """
SELECT block.id, block.size_bytes
FROM span_blocks AS block LEFT JOIN span_terms_docsize AS entry ON entry.id = block.id
WHERE entry.id IS NULL
ORDER BY block.id LIMIT ?1
"""
# ?1 a JSON array of block ids.
SPANS_OF_BLOCKS = """
SELECT id, digest, span_count, spans FROM span_blocks WHERE id IN (SELECT value FROM json_each(?1))
"""
# ?1 a JSON array of [id, digest, span count, terms]. A block that was replaced since it was read has another
# digest, one whose spans were deleted fewer of them: both are left for the next time.
INDEX_BLOCKS = """
INSERT INTO span_terms (rowid, terms)
SELECT block.id, entry.value ->> '$[3]'
FROM json_each(?1) AS entry CROSS JOIN span_blocks AS block ON block.id = entry.value ->> '$[0]'
WHERE block.digest = entry.value ->> '$[1]' AND block.span_count = entry.value ->> '$[2]'
  AND NOT EXISTS (SELECT 1 FROM span_terms_docsize AS known WHERE known.id = block.id)
"""
# At most ?1 rows of the index whose block is gone.
DELETE_ORPHANS = """
DELETE FROM span_terms WHERE rowid IN (
  SELECT entry.id
  FROM span_terms_docsize AS entry LEFT JOIN span_blocks AS block ON block.id = entry.id
  WHERE block.id IS NULL
  LIMIT ?1
)
"""

# Without the index: the texts of store.sql with the same parameters, read from all heads. A trace id stands
# in its head in quotes, as in an FTS5 query, and `instr` passes over other blocks without parsing them.
TRACE_HEADS_UNINDEXED = """
SELECT block.id, head.value
FROM span_blocks AS block, json_each(block.heads) AS head
WHERE head.value ->> '$[0]' IN (SELECT value FROM json_each(?2))
ORDER BY block.id
"""
BLOCKS_OF_TRACE_UNINDEXED = """
SELECT block.id, block.heads, block.spans
FROM (
  SELECT id, sum(size_bytes) OVER (ORDER BY id) - size_bytes AS bytes_before FROM span_blocks
  WHERE id > ?2 AND instr(heads, ?1) > 0
) AS step CROSS JOIN span_blocks AS block ON block.id = step.id
WHERE step.bytes_before < ?3
ORDER BY block.id
"""

# The sums cost a row read for each block, the heads one more for each trace in it. The start is text: it is
# above 2^53.
STATISTICS = """
SELECT blocks, spans, size_bytes, newest_us, traces, oldest_unix_nano
FROM
  (SELECT count(*) AS blocks, coalesce(sum(span_count), 0) AS spans,
     coalesce(sum(size_bytes), 0) AS size_bytes, max(newest_us) AS newest_us
   FROM span_blocks),
  (SELECT count(DISTINCT head.value ->> '$[0]') AS traces,
     CAST(min(head.value ->> '$[1]') AS TEXT) AS oldest_unix_nano
   FROM span_blocks AS block, json_each(block.heads) AS head)
"""

# The oldest ?2 blocks below id ?1.
OLDEST_BLOCKS = "SELECT id, size_bytes FROM span_blocks WHERE id < ?1 ORDER BY id LIMIT ?2"
