-- Spans are kept in blocks: one row an export request, all its traces inside as JSON.
-- D1 bills rows, not bytes, so a block and its terms are two rows however many spans they hold.
CREATE TABLE span_blocks (
  -- Newest span start in milliseconds * 1024 + n: the table is in time order without an index.
  id INTEGER PRIMARY KEY,
  -- Of the content as it was exported: the same request again is recognised and stores nothing.
  digest TEXT NOT NULL,
  -- Earliest and latest span start, latest span end, in microseconds (integers above 2^53 lose digits in JavaScript).
  oldest_us INTEGER NOT NULL,
  newest_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  span_count INTEGER NOT NULL,
  error_count INTEGER NOT NULL,
  -- Of heads, spans and terms together. What is small stands before what is large: a column is found by passing
  -- over those before it.
  size_bytes INTEGER NOT NULL,
  -- JSON array, one summary a trace, with the offset and length of the trace in `spans` in characters.
  heads TEXT NOT NULL,
  -- JSON array, one element a trace.
  spans TEXT NOT NULL
) STRICT;

-- The inverted index of the blocks; rowid is the block's id. Derived data: it can be rebuilt from the blocks.
CREATE VIRTUAL TABLE span_terms USING fts5(
  terms, content = '', contentless_delete = 1, detail = none, tokenize = 'ascii'
);
