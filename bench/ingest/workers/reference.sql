-- A row a span and the two indexes that every trace store needs: by trace, and by time.
CREATE TABLE spans (
  id INTEGER PRIMARY KEY,
  trace_id TEXT NOT NULL,
  span_id TEXT NOT NULL,
  parent_span_id TEXT NOT NULL,
  name TEXT NOT NULL,
  kind INTEGER NOT NULL,
  start_us INTEGER NOT NULL,
  duration_us INTEGER NOT NULL,
  status_code INTEGER NOT NULL,
  attributes TEXT NOT NULL,
  resource TEXT NOT NULL
) STRICT;
CREATE INDEX spans_by_trace ON spans (trace_id);
CREATE INDEX spans_by_start ON spans (start_us);
