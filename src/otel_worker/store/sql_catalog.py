"""The SQL of the catalog: the names for menus, and the values of an attribute."""

from __future__ import annotations

# ?1 a JSON array of [kind, service, name, terms], none of them twice, ?2 to ?5 the bounds: services,
# operations of one service, operations of all, attributes. What is there already costs no row, unless it was
# marked stale.
INSERT_NAMES = """
INSERT INTO catalog (kind, service, name, terms)
WITH new AS (
  SELECT value ->> '$[0]' AS kind, value ->> '$[1]' AS service, value ->> '$[2]' AS name,
    value ->> '$[3]' AS terms
  FROM json_each(?1)
), known AS MATERIALIZED (
  SELECT kind, service, count(*) AS names FROM catalog GROUP BY kind, service
), counted AS (
  SELECT new.kind, new.service, new.name, new.terms, old.stale_since_ms,
    coalesce(known.names, 0) + sum(old.name IS NULL) OVER (
      PARTITION BY new.kind, new.service ROWS UNBOUNDED PRECEDING
    ) AS nth_of_service,
    (SELECT coalesce(sum(names), 0) FROM known AS same WHERE same.kind = new.kind)
      + sum(old.name IS NULL) OVER (PARTITION BY new.kind ROWS UNBOUNDED PRECEDING) AS nth_of_kind
  FROM new
    LEFT JOIN known ON known.kind = new.kind AND known.service = new.service
    LEFT JOIN catalog AS old ON old.kind = new.kind AND old.service = new.service AND old.name = new.name
)
SELECT kind, service, name, terms FROM counted
WHERE stale_since_ms > 0 OR (stale_since_ms IS NULL AND CASE kind
  WHEN 'service' THEN nth_of_kind <= ?2
  WHEN 'operation' THEN nth_of_service <= ?3 AND nth_of_kind <= ?4
  ELSE nth_of_kind <= ?5
END)
ON CONFLICT DO UPDATE SET stale_since_ms = 0
"""

# ?1 kind, ?2 service or '', ?3 how many at most: those that a block still has.
NAMES = """
SELECT name FROM catalog
WHERE kind = ?1 AND service = ?2
  AND EXISTS (SELECT 1 FROM span_terms WHERE span_terms MATCH catalog.terms)
ORDER BY name LIMIT ?3
"""
# The same without an index: all.
NAMES_UNINDEXED = "SELECT name FROM catalog WHERE kind = ?1 AND service = ?2 ORDER BY name LIMIT ?3"

COUNT_NAMES = "SELECT count(*) AS names FROM catalog"
# ?1 now, ?2 how many rows are passed over and ?3 how many looked at.
MARK_STALE = """
UPDATE catalog SET stale_since_ms = ?1
WHERE stale_since_ms = 0
  AND (kind, service, name) IN (
    SELECT kind, service, name FROM catalog ORDER BY kind, service, name LIMIT ?3 OFFSET ?2
  )
  AND NOT EXISTS (SELECT 1 FROM span_terms WHERE span_terms MATCH catalog.terms)
"""
# ?1 stale since then or before, ?2 how many rows at most. One that is in use again stays.
DELETE_STALE = """
DELETE FROM catalog WHERE (kind, service, name) IN (
  SELECT kind, service, name FROM catalog
  WHERE stale_since_ms BETWEEN 1 AND ?1
    AND NOT EXISTS (SELECT 1 FROM span_terms WHERE span_terms MATCH catalog.terms)
  LIMIT ?2
)
RETURNING name
"""

# ?1 the attribute's key, ?2 an FTS5 query for blocks that may have it, ?3 how many blocks are looked into, ?4
# up to how many bytes (but one block always), ?5 the longest value in characters, ?6 how many values at most.
# A double is written with all its digits. An attribute of a resource is one of each of its spans.
_VALUES = """
WITH newest AS (
  SELECT id, sum(size_bytes) OVER (ORDER BY id DESC) - size_bytes AS bytes_before
  FROM span_blocks
  WHERE id IN ({blocks} LIMIT ?3)
), attribute AS (
  SELECT node.type, node.value, 1 AS spans
  FROM newest CROSS JOIN span_blocks AS block ON block.id = newest.id,
    json_each(block.spans) AS part, json_each(part.value, '$.groups') AS grp,
    json_each(grp.value, '$.spans') AS span, json_each(span.value, '$[8]') AS node
  WHERE newest.bytes_before < ?4 AND node.key = ?1
  UNION ALL
  SELECT node.type, node.value, json_array_length(grp.value, '$.spans') AS spans
  FROM newest CROSS JOIN span_blocks AS block ON block.id = newest.id,
    json_each(block.spans) AS part, json_each(part.value, '$.groups') AS grp,
    json_each(grp.value, '$.resource.attributes') AS node
  WHERE newest.bytes_before < ?4 AND node.key = ?1
)
SELECT type, CASE type WHEN 'real' THEN format('%!.17g', value) ELSE CAST(value AS TEXT) END AS text,
  sum(spans) AS spans
FROM attribute
WHERE type IN ('true', 'false', 'integer', 'real') OR (type = 'text' AND length(value) BETWEEN 1 AND ?5)
GROUP BY 1, 2
ORDER BY 3 DESC, 2 LIMIT ?6
"""
VALUES = _VALUES.format(blocks="SELECT rowid FROM span_terms WHERE span_terms MATCH ?2 ORDER BY rowid DESC")
# The same without an index: whatever the newest blocks are.
VALUES_UNINDEXED = _VALUES.format(blocks="SELECT id FROM span_blocks WHERE ?2 <> '' ORDER BY id DESC")
