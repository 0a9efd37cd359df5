-- Migration 2: which graph each session belongs to. This text never changes.

-- The name of the graph that wrote the last snapshot; null where that cannot be read, and in sessions
-- that are made by a process which opened the file before this migration.
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
