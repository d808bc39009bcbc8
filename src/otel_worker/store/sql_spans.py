"""The SQL of one trace's spans: pages of them, and single ones, cut out inside SQLite.

`head` is an element of a block's heads, `grp` a group of the part that it points at, `span` a span of it.
Positions are those of `model.Head` and `model.Span`. ?1 is the trace id, ?2 the same as a quoted FTS5 string.
"""

from __future__ import annotations

_BY_INDEX = "block.id IN (SELECT rowid FROM span_terms WHERE span_terms MATCH ?2)"
# The id stands in its head in quotes too, and `instr` passes over other blocks without parsing them.
_BY_HEADS = "instr(block.heads, ?2) > 0"

_GROUPS = """span_blocks AS block CROSS JOIN json_each(block.heads) AS head CROSS JOIN
    json_each(substr(block.spans, (head.value ->> '$[9]') + 1, head.value ->> '$[10]'), '$.groups') AS grp"""

# ?3 and ?4 the start and id of the span behind which the page begins (the start as text, for its size), ?5
# how many spans at most, ?6 up to how many bytes, but one span always. Resource and scope count for each of
# their spans, since each is shown with them. One row a group; the last three columns are of the whole page.
# What is sorted are ids and places only, so that memory does not grow with the spans' size.
_PAGE = """
WITH candidate AS (
  SELECT block.id AS block_id, head.key AS head_key, grp.key AS grp_key, span.key AS span_key,
    span.value ->> '$[0]' AS span_id, span.value ->> '$[4]' AS start,
    (span.value ->> '$[4]') + (span.value ->> '$[5]') AS finish,
    octet_length(span.value) + shared.value AS size_bytes
  FROM {groups} CROSS JOIN
    json_each(
      json_array(octet_length(grp.value -> '$.resource') + octet_length(grp.value -> '$.scope'))
    ) AS shared CROSS JOIN
    json_each(grp.value, '$.spans') AS span
  WHERE {blocks} AND head.value ->> '$[0]' = ?1
), copy AS (
  SELECT *, row_number() OVER (
    PARTITION BY span_id ORDER BY finish DESC, block_id, head_key, grp_key, span_key
  ) AS nth_copy
  FROM candidate
), behind AS MATERIALIZED (
  SELECT *, row_number() OVER place AS nth, sum(size_bytes) OVER place AS bytes
  FROM copy
  WHERE nth_copy = 1 AND (start, span_id) > (CAST(?3 AS INTEGER), ?4)
  WINDOW place AS (ORDER BY start, span_id)
), page AS MATERIALIZED (
  SELECT * FROM behind WHERE nth = 1 OR (nth <= ?5 AND bytes <= ?6)
)
SELECT
  json_object('resource', grp.value -> '$.resource', 'scope', grp.value -> '$.scope', 'spans', json((
    SELECT json_group_array(json(span.value)) FROM json_each(grp.value, '$.spans') AS span
    WHERE span.key IN (
      SELECT span_key FROM page WHERE block_id = block.id AND head_key = head.key AND grp_key = grp.key
    )
  ))) AS span_group,
  (SELECT count(*) FROM behind) > (SELECT count(*) FROM page) AS has_more,
  (SELECT CAST(start AS TEXT) FROM page ORDER BY nth DESC LIMIT 1) AS last_start,
  (SELECT span_id FROM page ORDER BY nth DESC LIMIT 1) AS last_id
FROM {groups}
WHERE block.id IN (SELECT block_id FROM page) AND head.value ->> '$[0]' = ?1
  AND (block.id, head.key, grp.key) IN (SELECT block_id, head_key, grp_key FROM page)
ORDER BY block.id, head.key, grp.key
"""
PAGE = _PAGE.format(groups=_GROUPS, blocks=_BY_INDEX)
PAGE_UNINDEXED = _PAGE.format(groups=_GROUPS, blocks=_BY_HEADS)

# ?3 the span's id. Of its copies the one that ends last, as a group of one span.
_SPAN = """
SELECT json_object('resource', grp.value -> '$.resource', 'scope', grp.value -> '$.scope',
  'spans', json_array(json(span.value))) AS span_group
FROM {groups} CROSS JOIN json_each(grp.value, '$.spans') AS span
WHERE {blocks} AND instr(block.spans, ?3) > 0 AND head.value ->> '$[0]' = ?1 AND span.value ->> '$[0]' = ?3
ORDER BY (span.value ->> '$[4]') + (span.value ->> '$[5]') DESC, block.id, head.key, grp.key, span.key
LIMIT 1
"""
SPAN = _SPAN.format(groups=_GROUPS, blocks=_BY_INDEX)
SPAN_UNINDEXED = _SPAN.format(groups=_GROUPS, blocks=_BY_HEADS)
