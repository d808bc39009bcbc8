"""The SQL of dependencies: which services call which, by every span of a window of time.

`block`, `part`, `grp` and `span` are those of store.sql_search; positions are those of `model.Span`.
"""

from __future__ import annotations

from otel_worker.store.sql_search import SERVICE_OF_GROUP

# Of the blocks from id ?1 on with a span that starts at ?2 us or before, newest first: the first one that is
# beyond ?3 spans or ?4 bytes. One block always belongs to what is read.
FIRST_BLOCK_BEYOND = """
SELECT id FROM (
  SELECT id, sum(span_count) OVER newest AS spans, sum(size_bytes) OVER newest AS size_bytes,
    row_number() OVER newest AS nth
  FROM span_blocks
  WHERE id >= ?1 AND oldest_us <= ?2
  WINDOW newest AS (ORDER BY id DESC ROWS UNBOUNDED PRECEDING)
)
WHERE nth > 1 AND (spans > ?3 OR size_bytes > ?4)
LIMIT 1
"""

# Nearly every resource has a plain service.name, which one look tells; the others take the long way.
_NAME = """grp.value -> '$.resource.attributes."service.name"'"""
_SERVICE = f"""coalesce(
      CASE WHEN {_NAME} GLOB '"?*' AND {_NAME} NOT IN ('""', '"cloudflare-workers-observability"')
        THEN grp.value ->> '$.resource.attributes."service.name"' END,
      {SERVICE_OF_GROUP}
    )"""

# Blocks from id ?1 on with a span that starts at ?2 us or before; of these the spans that start within
# [?3, ?4], as text for their size; for each edge the durations of ?5 ranks, evenly apart, the last one among
# them; at most ?6 edges and ?6 services, those with most spans.
#
# Ids are cut out of their JSON, where they stand first: it costs half of what parsing does. Expressions over
# a span are computed once, since `copy` is materialized: a sort would compute them again from the whole text.
# As in the list, a start in the far future counts as the time the span came. A span that was sent several
# times counts once, as the copy that ends last.
_DEPENDENCIES = """
WITH copy AS MATERIALIZED (
  SELECT substr(part.value, 13, 32) AS trace_id, substr(span.value, 3, 16) AS span_id,
    span.value ->> '$[1]' AS parent_id, service.value AS service, span.value ->> '$[4]' AS start,
    span.value ->> '$[5]' AS duration, span.value ->> '$[6]' = 2 AS is_error
  FROM span_blocks AS block CROSS JOIN json_each(block.spans) AS part
    CROSS JOIN json_each(part.value, '$.groups') AS grp
    CROSS JOIN json_each(json_array({service})) AS service
    CROSS JOIN json_each(grp.value, '$.spans') AS span
  WHERE block.id >= ?1 AND block.oldest_us <= ?2
    AND min(span.value ->> '$[4]', (block.id / 1024 + 1) * 1000000 - 1)
      BETWEEN CAST(?3 AS INTEGER) AND CAST(?4 AS INTEGER)
), span_once AS MATERIALIZED (
  SELECT trace_id, span_id, parent_id, service, max(0, duration) AS duration, is_error,
    max(start + duration) AS finish
  FROM copy GROUP BY trace_id, span_id
), call AS (
  SELECT parent.service AS parent, child.service AS child, child.duration, child.is_error
  FROM span_once AS child CROSS JOIN span_once AS parent
    ON parent.trace_id = child.trace_id AND parent.span_id = child.parent_id
  WHERE parent.service <> child.service
), ranked AS (
  SELECT *, row_number() OVER (PARTITION BY parent, child ORDER BY duration) AS nth,
    count(*) OVER (PARTITION BY parent, child) AS calls
  FROM call
), edge AS (
  SELECT parent, child AS service, calls AS spans, sum(is_error) AS errors,
    json_group_array(duration) FILTER (WHERE nth * ?5 % calls < ?5) AS durations
  FROM ranked GROUP BY parent, child ORDER BY calls DESC, parent, child LIMIT ?6
), of_service AS (
  SELECT NULL AS parent, service, count(*) AS spans, sum(is_error) AS errors, NULL AS durations
  FROM span_once GROUP BY service ORDER BY spans DESC, service LIMIT ?6
)
SELECT *, (SELECT count(*) FROM span_once) AS all_spans FROM edge
UNION ALL
SELECT *, (SELECT count(*) FROM span_once) AS all_spans FROM of_service
"""
DEPENDENCIES = _DEPENDENCIES.replace("{service}", _SERVICE)
