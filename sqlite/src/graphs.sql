-- Migration 2: which graph each session belongs to. This text never changes.

-- The name of the graph that wrote the last snapshot; null where that cannot be read.
ALTER TABLE sessions ADD COLUMN graph TEXT;

UPDATE sessions SET graph = (
    SELECT coalesce(
        json_extract(json, '$.entry.session_created.snapshot.graph.name'),
        json_extract(json, '$.entry.snapshot.graph.name')
    )
    FROM entries
    WHERE place = (
        SELECT max(place) FROM entries INDEXED BY snapshots
        WHERE snapshot = 1 AND place >= number << 35 AND place < (number + 1) << 35
    ) AND json_valid(json)
);

CREATE INDEX graphs ON sessions (graph, id);

-- A process that opened the file before this migration goes on writing without the column. Programs
-- that know it set it before they store a snapshot, and the trigger then has nothing to do.
CREATE TRIGGER graph_of_new_session AFTER INSERT ON entries
WHEN new.snapshot = 1 AND json_valid(new.json)
BEGIN
    UPDATE sessions SET graph = coalesce(
        json_extract(new.json, '$.entry.session_created.snapshot.graph.name'),
        json_extract(new.json, '$.entry.snapshot.graph.name')
    )
    WHERE number = new.place >> 35 AND graph IS NULL;
END;
