-- The services that have metrics in the gateway: an aggregator each, which keeps the series itself. Written by the
-- aggregator when it begins, and removed when its last series has expired.
CREATE TABLE metric_services (
  name TEXT PRIMARY KEY
) STRICT, WITHOUT ROWID;
