-- Whether anybody watches live. Written by the hub when its first socket opens and its last one closes, and read
-- with every insert of spans, so that an export that nobody watches costs no call to the hub.
CREATE TABLE live (
  id INTEGER PRIMARY KEY CHECK (id = 1),
  watched INTEGER NOT NULL
) STRICT;
INSERT INTO live (id, watched) VALUES (1, 0);
