-- What a log keeps. It is run with the log's own schema as search path.

-- One row for each session that was ever opened; it exists for readers once `next` is over 0.
-- The pair (epoch, next) is the fence: an append moves it on or does nothing.
CREATE TABLE sessions (
    key      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id       text COLLATE "C" NOT NULL UNIQUE,
    epoch    bigint NOT NULL,
    -- which call of open made the epoch, so that a call that is repeated makes one
    opener   bigint NOT NULL,
    first    bigint NOT NULL DEFAULT 0,
    next     bigint NOT NULL DEFAULT 0,
    -- the last entry that is a snapshot
    snapshot bigint,
    -- the times of the first and the last entry, in milliseconds since 1970
    created  bigint,
    updated  bigint,
    -- when the writer opened the session or appended last; null once it released it
    active   timestamptz
-- room for the next versions of a row on its own page, so that no index is touched by an append
) WITH (fillfactor = 50);

-- No foreign key, which would look up the session for every entry: only the functions below write,
-- and they hold the session's row.
CREATE TABLE entries (
    session  bigint NOT NULL,
    "offset" bigint NOT NULL,
    epoch    bigint NOT NULL,
    kind     text NOT NULL,
    snapshot boolean NOT NULL,
    -- milliseconds since 1970
    wall     bigint NOT NULL,
    -- CRC-32 of the JSON, as the signed number of the same bits
    checksum integer NOT NULL,
    -- as it was written, byte for byte
    json     text NOT NULL,
    PRIMARY KEY (session, "offset")
);

CREATE INDEX entries_snapshot ON entries (session, "offset") WHERE snapshot;

CREATE TABLE epochs (
    session bigint NOT NULL,
    epoch   bigint NOT NULL,
    start   bigint NOT NULL,
    PRIMARY KEY (session, epoch)
);

-- Counts over all sessions, so that a session that is made again does not take in an old writer.
CREATE SEQUENCE epoch;

-- Claims a session. `existence` is 'any', 'existing' or 'new'; `lease` is in microseconds.
CREATE FUNCTION open(
    session_id text,
    existence text,
    lease bigint,
    token bigint,
    OUT outcome text,
    OUT new_epoch bigint,
    OUT new_next bigint,
    OUT last_snapshot bigint,
    OUT ago bigint
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    head sessions;
BEGIN
    LOOP
        SELECT * INTO head FROM sessions WHERE id = session_id FOR UPDATE;
        EXIT WHEN FOUND;
        IF existence = 'existing' THEN
            outcome := 'no session';
            RETURN;
        END IF;
        INSERT INTO sessions (id, epoch, opener) VALUES (session_id, 0, 0)
        ON CONFLICT (id) DO NOTHING;
    END LOOP;
    new_next := head.next;
    last_snapshot := head.snapshot;
    IF head.opener = token THEN
        -- the answer to the same call was lost
        outcome := 'opened';
        new_epoch := head.epoch;
        RETURN;
    END IF;
    IF existence = 'existing' AND head.next = 0 THEN
        outcome := 'no session';
        RETURN;
    END IF;
    IF existence = 'new' AND head.next > 0 THEN
        outcome := 'exists';
        RETURN;
    END IF;
    IF lease IS NOT NULL AND head.active IS NOT NULL THEN
        ago := greatest(0, extract(epoch FROM clock_timestamp() - head.active) * 1000000);
        IF ago < lease THEN
            outcome := 'busy';
            RETURN;
        END IF;
    END IF;
    outcome := 'opened';
    new_epoch := nextval('epoch');
    UPDATE sessions SET epoch = new_epoch, opener = token, active = clock_timestamp()
    WHERE key = head.key;
    INSERT INTO epochs (session, epoch, start) VALUES (head.key, new_epoch, head.next);
END
$$;

-- Appends entries, all or none. `last_snapshot` is the offset of the last one that is a snapshot.
CREATE FUNCTION append(
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
DECLARE
    count CONSTANT bigint := cardinality(kinds);
    head sessions;
    same bigint;
BEGIN
    UPDATE sessions SET
        next = next + count,
        snapshot = coalesce(last_snapshot, snapshot),
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

-- Removes the entries before an offset.
CREATE FUNCTION trim_before(
    session_id text,
    place bigint,
    OUT outcome text,
    OUT last_snapshot bigint
)
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
DECLARE
    head sessions;
BEGIN
    SELECT * INTO head FROM sessions WHERE id = session_id AND next > 0 FOR UPDATE;
    IF NOT FOUND THEN
        outcome := 'no session';
        RETURN;
    END IF;
    last_snapshot := coalesce(head.snapshot, 0);
    IF place > last_snapshot THEN
        outcome := 'needed';
        RETURN;
    END IF;
    IF place > head.first THEN
        DELETE FROM entries WHERE session = head.key AND "offset" < place;
        UPDATE sessions SET first = place WHERE key = head.key;
    END IF;
    outcome := 'trimmed';
END
$$;

-- Removes a session that exists with all that it has. By key, so that a call that is repeated does not
-- meet a new session of the same id.
CREATE FUNCTION remove(session_key bigint)
RETURNS void
LANGUAGE plpgsql
SET search_path FROM CURRENT
AS $$
BEGIN
    DELETE FROM sessions WHERE key = session_key AND next > 0;
    IF FOUND THEN
        DELETE FROM entries WHERE session = session_key;
        DELETE FROM epochs WHERE session = session_key;
    END IF;
END
$$;
