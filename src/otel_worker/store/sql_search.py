"""The SQL of searches: templates that are completed with tests, whose values are always bound.

`block` is a row of span_blocks, `head` an element of its heads, `part` of its spans (both in the same
order), `grp` a group of a part, `span` a span. Positions are those of `model.Head` and `model.Span`.
"""

from __future__ import annotations

# --- which blocks, newest first: below id {before}, not older than {oldest}, at most {limit}

BLOCKS_BY_TERMS = """
FROM span_terms CROSS JOIN span_blocks AS block ON block.id = span_terms.rowid
WHERE span_terms MATCH {terms} AND span_terms.rowid < {before} AND span_terms.rowid >= {oldest}
  AND block.oldest_us <= {latest_us}
ORDER BY span_terms.rowid DESC LIMIT {limit}
"""
ALL_BLOCKS = """
FROM span_blocks AS block
WHERE block.id < {before} AND block.id >= {oldest} AND block.oldest_us <= {latest_us}
ORDER BY block.id DESC LIMIT {limit}
"""

# --- of each of them the heads that match, as a JSON array

HEADS_BY_HEAD = """
SELECT block.id, (
  SELECT json_group_array(json(head.value)) FROM json_each(block.heads) AS head WHERE {head_test}
) AS heads
{blocks}
"""
HEADS_BY_NODE = """
SELECT block.id, (
  SELECT json_group_array(json_extract(block.heads, '$[' || part.key || ']')) FROM {parts} AS part
) AS heads
{blocks}
"""
HEADS_BY_SPAN = """
SELECT block.id, (
  SELECT json_group_array(json_extract(block.heads, '$[' || part.key || ']')) FROM {parts} AS part
  WHERE {span_exists}
) AS heads
{blocks}
"""

# --- which parts of a block to look into, by their index; this runs once a block

# One pass over everything in the block. A node's path begins with the index of its part: "$[12].groups...".
PARTS_BY_NODE = """(
    SELECT DISTINCT CAST(substr(node.path, 3) AS INTEGER) AS key
    FROM json_tree(block.spans) AS node WHERE {node_test}
  )"""

# The same with several tests, which one span has to pass, some of them perhaps by its resource. A hit is in a
# span, or in the resource of a group and then counts for all of its spans. {found} and {passed} have a column
# for each test.
PARTS_BY_NODES = """(
    SELECT DISTINCT CAST(substr(group_path, 3) AS INTEGER) AS key FROM (
      SELECT group_path, {passed} FROM (
        SELECT group_path, span_path, {found} FROM (
          SELECT node.key, node.type, node.atom, node.path,
            CASE instr(node.path, '].spans[')
              WHEN 0 THEN substr(node.path, 1, instr(node.path, '].resource.'))
              ELSE substr(node.path, 1, instr(node.path, '].spans['))
            END AS group_path,
            CASE WHEN instr(node.path, '].spans[') = 0 THEN NULL
              WHEN node.path GLOB '*[]][[]8]' THEN substr(node.path, 1, length(node.path) - 3)
              WHEN node.path GLOB '*[]][[]9].links[[]*'
                THEN substr(node.path, 1, instr(node.path, '[9].links[') - 1)
              ELSE node.path
            END AS span_path
          FROM json_tree(block.spans) AS node WHERE {node_test}
        ) AS node
        GROUP BY group_path, span_path
      )
    )
    WHERE {all_passed}
  )"""
FOUND = "max(({node_test})) AS found_{number}"
PASSED = """max(
        found_{number},
        max(CASE WHEN span_path IS NULL THEN found_{number} ELSE 0 END) OVER (PARTITION BY group_path)
      ) AS passed_{number}"""

PARTS_BY_HEAD = "(SELECT head.key FROM json_each(block.heads) AS head WHERE {head_test})"

# A node of a span is in "$[12].groups[0].spans[3]", an attribute in its [8] or in the resource, and one of a
# link in its [9].links[0]. What is deeper is inside of a value, whose keys may be called anything. Keys that
# are no plain word stand in quotes in a path, so one that has no bracket beside those of the pattern is what
# it looks like.
_BRACKETS = "length(node.path) - length(replace(node.path, '[', ''))"
NODE_IS_OF_SPAN = f"node.path GLOB '$[[]*[]].groups[[]*[]].spans[[]*[]]' AND {_BRACKETS} = 3"
NODE_IS_ATTRIBUTE = f"""(
      node.path GLOB '$[[]*[]].groups[[]*[]].spans[[]*[]][[]8]' AND {_BRACKETS} = 4
      OR node.path GLOB '$[[]*[]].groups[[]*[]].resource.attributes' AND {_BRACKETS} = 2
    )"""

# D1 takes patterns of 50 bytes at most.
NODE_IS_OF_LINK = f"node.path GLOB '$[[]*].groups[[]*].spans[[]*][[]9].links[[]*]' AND {_BRACKETS} = 5"

# The text of a part. Cut out by the place that its head tells, where candidates are few: the block is not
# parsed. Else by its index, since SQLite keeps the last four texts that JSON functions parsed. So the tests
# of spans are written with json_each, which keeps none: they would drive out block.spans.
_HEAD = "json_extract(block.heads, '$[' || part.key || '][{field}]')"
PART_CUT_OUT = f"substr(block.spans, {_HEAD.format(field=9)} + 1, {_HEAD.format(field=10)})"
PART_EXTRACTED = "json_extract(block.spans, '$[' || part.key || ']')"
SPAN_EXISTS = """EXISTS (
    SELECT 1 FROM json_each({part}, '$.groups') AS grp, json_each(grp.value, '$.spans') AS span
    WHERE {span_test}
  )"""

# --- tests of a head and of a span

HEAD_HAS_SERVICE = (
    "EXISTS (SELECT 1 FROM json_each(head.value, '$[11]') AS service WHERE service.atom = {service})"
)
HEAD_HAS_ERROR = "head.value ->> '$[4]' > 0"
SPAN_HAS_FIELD = (
    "EXISTS (SELECT 1 FROM json_each(span.value) AS field WHERE field.key = {key} AND field.atom = {value})"
)
SPAN_HAS_LINK = (
    "EXISTS (SELECT 1 FROM json_each(span.value, '$[9].links') AS link "
    "WHERE link.value ->> '$.traceId' = {trace_id})"
)
HAS_ATTRIBUTE = """(
      EXISTS (SELECT 1 FROM json_each(span.value, '$[8]') AS node WHERE node.key = {key} AND {test})
      OR EXISTS (
        SELECT 1 FROM json_each(grp.value, '$.resource.attributes') AS node WHERE node.key = {key} AND {test}
      )
    )"""


# A resource attribute that is a text, neither empty nor {unless}; else NULL.
_RESOURCE_TEXT = """(
        SELECT node.atom FROM json_each(grp.value, '$.resource.attributes') AS node
        WHERE node.key = '{key}' AND node.type = 'text' AND node.atom NOT IN ('', '{unless}')
      )"""


def _resource_text(key: str, unless: str = "") -> str:
    return _RESOURCE_TEXT.format(key=key, unless=unless)


# What Resource.service_name says; a head names the services of its part, not of each span.
SERVICE_OF_GROUP = f"""coalesce(
      {_resource_text("service.name", "cloudflare-workers-observability")},
      {_resource_text("faas.name")},
      {_resource_text("cloudflare.script_name")},
      {_resource_text("service.name")},
      'unknown_service'
    )"""

# --- traces by their duration: every part's head has to be asked, since a trace may have many

# A head begins with `["<32 hex digits>",<start>,<duration>,`: cutting costs half of what parsing does.
TRACES_BY_DURATION = """
WITH trace AS (
  SELECT substr(head.value, 3, 32) AS trace_id,
    min(CAST(substr(head.value, 37, 20) AS INTEGER)) AS start_unix_nano,
    max(CAST(substr(head.value, 37, 20) AS INTEGER) + (head.value ->> '$[2]')) AS end_unix_nano,
    min(
      min(CAST(substr(head.value, 37, 20) AS INTEGER)), (max(block.id) / 1024 + 1) * 1000000 - 1
    ) AS sort_unix_nano,
    max({block_test}) AS is_candidate
  FROM span_blocks AS block, json_each(block.heads) AS head
  WHERE block.id >= {oldest}
  GROUP BY 1
)
SELECT trace_id, CAST(sort_unix_nano AS TEXT) AS sort_unix_nano_text FROM trace
WHERE is_candidate
  AND end_unix_nano - start_unix_nano BETWEEN CAST({shortest} AS INTEGER) AND CAST({longest} AS INTEGER)
  AND sort_unix_nano BETWEEN CAST({start} AS INTEGER) AND CAST({end} AS INTEGER)
  AND (sort_unix_nano, {after_id}) < (CAST({after} AS INTEGER), trace_id)
ORDER BY sort_unix_nano DESC, trace_id LIMIT {limit}
"""
BLOCK_HAS_TERMS = "block.id IN (SELECT rowid FROM span_terms WHERE span_terms MATCH {terms})"

# --- traces that start at {latest} or before, and match only in blocks whose parts all start later

LATE_TRACES = """
SELECT DISTINCT part.value ->> '$[0]' AS trace_id
FROM span_blocks AS block CROSS JOIN json_each(block.heads) AS part
WHERE block.id >= {latest_id} AND block.id < {end_id} AND block.oldest_us > {latest_us} AND {block_test}
  AND substr(part.value, 3, 32) IN (
    SELECT substr(head.value, 3, 32)
    FROM span_blocks AS early CROSS JOIN json_each(early.heads) AS head
    WHERE early.id >= {oldest_id} AND early.id < {end_id} AND early.oldest_us <= {latest_us}
      AND (early.newest_us < {latest_us} OR head.value ->> '$[1]' <= CAST({latest} AS INTEGER))
  )
  AND {span_exists}
"""
LATE_BLOCK_HAS_TERMS = """block.id IN (
    SELECT rowid FROM span_terms WHERE span_terms MATCH {terms} AND rowid >= {latest_id} AND rowid < {end_id}
  )"""

# --- which of some traces have a span that matches

MATCHING_TRACES = """
SELECT DISTINCT part.value ->> '$[0]' AS trace_id
FROM span_blocks AS block CROSS JOIN json_each(block.heads) AS part
WHERE {block_test} AND part.value ->> '$[0]' IN (SELECT value FROM json_each({trace_ids}))
  AND {span_exists}
"""
