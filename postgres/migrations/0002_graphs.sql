-- Which graph each session belongs to.

-- The name of the graph that wrote the last snapshot; null where that cannot be read.
ALTER TABLE sessions ADD COLUMN graph text COLLATE "C";

-- The name of the graph in a snapshot entry; null in any other text.
CREATE FUNCTION graph_of(entry text)
RETURNS text
LANGUAGE plpgsql
IMMUTABLE
SET search_path FROM CURRENT
AS $$
DECLARE
    kind json;
BEGIN
    -- JSON may contain a NUL, and no text of the database can
    kind := replace(entry, '\u0000', '\ufffd')::json -> 'entry';
    RETURN coalesce(
        kind #>> '{session_created,snapshot,graph,name}',
        kind #>> '{snapshot,graph,name}'
    );
EXCEPTION WHEN data_exception OR statement_too_complex THEN
    RETURN NULL;
END
$$;

UPDATE sessions SET graph = graph_of(entries.json)
FROM entries
WHERE entries.session = sessions.key AND entries."offset" = sessions.snapshot;

CREATE INDEX sessions_graph ON sessions (graph, id);

-- Appends entries, all or none. `last_snapshot` is the offset of the last one that is a snapshot, and
-- `graph_name` the graph that it names.
CREATE FUNCTION append(
    session_id text,
    writer bigint,
    place bigint,
    last_snapshot bigint,
    graph_name text,
    kinds text[],
    snapshots boolean[],
    walls bigint[],
    checksums integer[],
    jsons text[],
    OUT outcome text,
    OUT session_key bigint,
    OUT session_next bigint
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    count CONSTANT bigint := cardinality(kinds);
    head sessions;
    same bigint;
BEGIN
    UPDATE sessions SET
        next = next + count,
        snapshot = coalesce(last_snapshot, snapshot),
        graph = coalesce(graph_name, graph),
        created = CASE WHEN place = 0 THEN walls[1] ELSE created END,
        updated = coalesce(walls[count], updated),
        active = clock_timestamp()
    WHERE id = session_id AND epoch = writer AND next = place
    RETURNING key, next INTO session_key, session_next;
    IF FOUND THEN
        INSERT INTO entries (session, "offset", epoch, kind, snapshot, wall, checksum, json)
        SELECT session_key, place + n - 1, writer, kind, snapshot, wall, checksum, json
        FROM unnest(kinds, snapshots, walls, checksums, jsons)
            WITH ORDINALITY AS draft (kind, snapshot, wall, checksum, json, n);
        outcome := 'stored';
        RETURN;
    END IF;
    -- statements of a function see what was committed before each of them, so this is the row that
    -- the update was compared with, or a later one
    SELECT * INTO head FROM sessions WHERE id = session_id;
    IF NOT FOUND OR head.epoch <> writer THEN
        outcome := 'fenced';
        RETURN;
    END IF;
    session_key := head.key;
    session_next := head.next;
    IF place < head.next AND place >= head.first THEN
        SELECT count(*) INTO same
        FROM unnest(kinds, snapshots, walls, checksums, jsons)
            WITH ORDINALITY AS draft (kind, snapshot, wall, checksum, json, n)
        JOIN entries e ON e.session = head.key AND e."offset" = place + n - 1
        WHERE (e.epoch, e.kind, e.snapshot, e.wall, e.checksum, e.json)
            = (writer, draft.kind, draft.snapshot, draft.wall, draft.checksum, draft.json);
        IF same = count THEN
            outcome := 'repeated';
            RETURN;
        END IF;
    END IF;
    outcome := 'misplaced';
END
$$;

-- The call of processes that connected before this migration and do not name the graph.
CREATE OR REPLACE FUNCTION append(
    session_id text,
    writer bigint,
    place bigint,
    last_snapshot bigint,
    kinds text[],
    snapshots boolean[],
    walls bigint[],
    checksums integer[],
    jsons text[],
    OUT outcome text,
    OUT session_key bigint,
    OUT session_next bigint
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    SELECT stored.outcome, stored.session_key, stored.session_next
    INTO outcome, session_key, session_next
    FROM append(
        session_id, writer, place, last_snapshot, graph_of(jsons[last_snapshot - place + 1]),
        kinds, snapshots, walls, checksums, jsons
    ) AS stored;
END
$$;
