-- Migration 1. The files of every release are opened by all later ones: this text never changes.

-- The last epoch of any session; one row.
CREATE TABLE counter (epoch INTEGER NOT NULL);
INSERT INTO counter VALUES (0);

-- One row per session, which an append usually leaves alone: what changes with every append is
-- found at the end of its entries.
CREATE TABLE sessions (
    -- never given to another one
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    -- of its writer
    epoch INTEGER NOT NULL,
    -- the first offset that was not trimmed
    first INTEGER NOT NULL DEFAULT 0,
    -- the wall time of entry 0, in milliseconds since 1970; null until there is one
    created INTEGER,
    -- when the writer opened it; null once it released it
    active INTEGER
);

-- Where the first entry of an epoch went, or would have gone.
CREATE TABLE epochs (
    session INTEGER NOT NULL,
    epoch INTEGER NOT NULL,
    start INTEGER NOT NULL,
    PRIMARY KEY (session, epoch)
) WITHOUT ROWID;

-- The entries of all sessions, those of one session side by side.
CREATE TABLE entries (
    -- number of the session << 35 | offset
    place INTEGER PRIMARY KEY,
    epoch INTEGER NOT NULL,
    kind TEXT NOT NULL,
    -- whether a session can be opened from it on
    snapshot INTEGER NOT NULL,
    -- when it was made, in milliseconds since 1970
    wall INTEGER NOT NULL,
    -- when it was stored
    stored INTEGER NOT NULL,
    -- CRC-32 of the columns before this one and of the JSON
    checksum INTEGER NOT NULL,
    json TEXT NOT NULL
);
CREATE INDEX snapshots ON entries (place) WHERE snapshot = 1;

-- For people who look at the file.
CREATE VIEW log AS
SELECT
    sessions.id AS session,
    entries.place & ((1 << 35) - 1) AS offset,
    entries.epoch,
    entries.kind,
    strftime('%Y-%m-%d %H:%M:%f', entries.wall / 1000.0, 'unixepoch') AS time,
    entries.json
FROM entries JOIN sessions ON sessions.number = entries.place >> 35;
