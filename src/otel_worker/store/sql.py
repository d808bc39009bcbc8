"""Every SQL text of the store; both drivers run the same.

A statement whose effect somebody asks for ends in RETURNING: see Database.batch.

Positions in `heads` are those of the fields of `model.Head`.
"""

from __future__ import annotations

# ?1 first id and ?2 end of the id range of the block's millisecond, ?3 where a duplicate is looked for from,
# ?4 to ?12 the row. Nothing is inserted when the digest is there already, or when the range is full.
INSERT_BLOCK = """
INSERT INTO span_blocks
  (id, digest, oldest_us, newest_us, end_us, span_count, error_count, size_bytes, heads, spans)
SELECT free.id, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12
FROM (SELECT coalesce(max(id) + 1, ?1) AS id FROM span_blocks WHERE id >= ?1 AND id < ?2) AS free
WHERE free.id < ?2
  AND NOT EXISTS (SELECT 1 FROM span_blocks WHERE id >= ?3 AND id < ?2 AND digest = ?4)
RETURNING id
"""

# Directly after INSERT_BLOCK in one batch.
INSERT_TERMS = """
INSERT INTO span_terms (rowid, terms) SELECT last_insert_rowid(), ?1 WHERE changes() > 0
"""

# Whether somebody watches live; read in the transaction of an insert, so that none goes unannounced.
IS_WATCHED = "SELECT id FROM live WHERE watched = 1"
SET_WATCHED = "UPDATE live SET watched = ?1 WHERE watched <> ?1"

FIND_DIGEST = "SELECT 1 FROM span_blocks WHERE id >= ?1 AND id < ?2 AND digest = ?3 LIMIT 1"

# ?1 an FTS5 query for several trace ids, ?2 the same ids as a JSON array.
TRACE_HEADS = """
SELECT block.id, head.value
FROM span_blocks AS block, json_each(block.heads) AS head
WHERE block.id IN (SELECT rowid FROM span_terms WHERE span_terms MATCH ?1)
  AND head.value ->> '$[0]' IN (SELECT value FROM json_each(?2))
ORDER BY block.id
"""

# Blocks below id ?1 that may hold a trace that starts at ?2 us or before, and that are not older than id ?3.
NEWEST_HEADS = """
SELECT id, heads FROM span_blocks
WHERE id < ?1 AND oldest_us <= ?2 AND id >= ?3
ORDER BY id DESC LIMIT ?4
"""

# ?1 a trace id as a quoted FTS5 string; above id ?2, the first blocks that together begin below ?3 bytes.
BLOCKS_OF_TRACE = """
SELECT block.id, block.heads, block.spans
FROM (
  SELECT id, sum(size_bytes) OVER (ORDER BY id) - size_bytes AS bytes_before FROM span_blocks
  WHERE id > ?2 AND id IN (SELECT rowid FROM span_terms WHERE span_terms MATCH ?1)
) AS step CROSS JOIN span_blocks AS block ON block.id = step.id
WHERE step.bytes_before < ?3
ORDER BY block.id
"""

# Rewriting a block: only while its heads (?2) are still those that were read, so that two deletes cannot
# undo each other.
UPDATE_BLOCK = """
UPDATE span_blocks
SET oldest_us = ?3, newest_us = ?4, end_us = ?5, span_count = ?6, error_count = ?7, size_bytes = ?8,
  heads = ?9, spans = ?10
WHERE id = ?1 AND heads = ?2
RETURNING id
"""
REPLACE_TERMS = "INSERT OR REPLACE INTO span_terms (rowid, terms) SELECT ?1, ?2 WHERE changes() > 0"
DELETE_BLOCK = "DELETE FROM span_blocks WHERE id = ?1 AND heads = ?2 RETURNING id"
DELETE_TERMS = "DELETE FROM span_terms WHERE rowid IN (SELECT ?1 WHERE changes() > 0)"

# Retention: the oldest ?2 blocks below id ?1, terms first since they are found through the blocks.
EXPIRE_TERMS = """
DELETE FROM span_terms WHERE rowid IN (SELECT id FROM span_blocks WHERE id < ?1 ORDER BY id LIMIT ?2)
"""
EXPIRE_BLOCKS = """
DELETE FROM span_blocks WHERE id IN (SELECT id FROM span_blocks WHERE id < ?1 ORDER BY id LIMIT ?2)
RETURNING id
"""

METRIC_SERVICES = "SELECT name FROM metric_services ORDER BY name"
ADD_METRIC_SERVICE = "INSERT OR IGNORE INTO metric_services (name) VALUES (?1)"
REMOVE_METRIC_SERVICE = "DELETE FROM metric_services WHERE name = ?1"
