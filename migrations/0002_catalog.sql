-- The names for menus: services, the operations of each, attribute keys. A row is written when a name is seen for
-- the first time; whether it is still there is asked of span_terms when it is read.
CREATE TABLE catalog (
  -- 'service', 'operation' or 'attribute'.
  kind TEXT NOT NULL,
  -- The service of an operation, else ''.
  service TEXT NOT NULL,
  name TEXT NOT NULL,
  -- The FTS5 query that finds the blocks with it.
  terms TEXT NOT NULL,
  -- When retention found no block with it, in Unix milliseconds; 0 while it is in use. Such a row goes when every
  -- isolate that may remember it has forgotten it.
  stale_since_ms INTEGER NOT NULL DEFAULT 0,
  PRIMARY KEY (kind, service, name)
) STRICT, WITHOUT ROWID;
