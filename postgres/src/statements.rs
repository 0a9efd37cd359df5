//! The SQL statements, for the schema of the log.

use sqlx::{AssertSqlSafe, SqlSafeStr as _, SqlStr};
use std::sync::Arc;

macro_rules! statements {
    ($($name:ident: $text:literal,)*) => {
        /// The SQL statements. Each takes one round trip.
        pub(crate) struct Statements {
            $($name: Arc<str>,)*
        }

        impl Statements {
            /// Creates the statements for a quoted schema name.
            pub(crate) fn new(schema: &str) -> Self {
                Self { $($name: $text.replace("{schema}", schema).into(),)* }
            }

            $(pub(crate) fn $name(&self) -> SqlStr {
                // constant text, except for the quoted schema name
                AssertSqlSafe(Arc::clone(&self.$name)).into_sql_str()
            })*
        }
    };
}

statements! {
    open: "SELECT outcome, new_epoch, new_next, last_snapshot, ago
        FROM {schema}.open($1, $2, $3, $4)",
    append: "SELECT outcome, session_key, session_next
        FROM {schema}.append($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    head: "SELECT epoch, next FROM {schema}.sessions WHERE id = $1",
    // a page of entries up to a number of bytes, and the size of the next entry
    read: "SELECT s.key, s.first, s.next, p.\"offset\", p.epoch, p.checksum, p.length, p.json
        FROM {schema}.sessions s
        LEFT JOIN LATERAL (
            SELECT \"offset\", epoch, checksum, length, CASE WHEN total <= $4 THEN json END AS json
            FROM (
                SELECT *, octet_length(json)::bigint AS length,
                    sum(octet_length(json)) OVER (ORDER BY \"offset\") AS total
                FROM (
                    SELECT \"offset\", epoch, checksum, json FROM {schema}.entries
                    WHERE session = s.key AND \"offset\" >= $2
                    ORDER BY \"offset\" LIMIT $3
                ) AS page
            ) AS measured
            WHERE total - length < $4
        ) AS p ON true
        WHERE s.id = $1 AND s.next > 0
        ORDER BY p.\"offset\"",
    read_large: "SELECT json FROM {schema}.entries WHERE session = $1 AND \"offset\" = $2",
    progress: "SELECT key, next FROM {schema}.sessions s WHERE id = $1 AND next > 0
        AND ($2::bigint IS NULL
            OR EXISTS (SELECT FROM {schema}.epochs WHERE session = s.key AND epoch = $2))",
    progress_of: "SELECT key, next FROM {schema}.sessions WHERE key = ANY($1)",
    snapshot_before: "SELECT (
            SELECT max(\"offset\") FROM {schema}.entries
            WHERE session = s.key AND \"offset\" <= $2 AND snapshot
        ) AS last FROM {schema}.sessions s WHERE s.id = $1 AND s.next > 0",
    info: "SELECT id, epoch, first, next, snapshot, graph, created, updated
        FROM {schema}.sessions WHERE id = $1 AND next > 0",
    // one page per range of ids, then the first ids of all pages
    sessions: "SELECT page.*
        FROM unnest($1::text[], $2::text[]) AS range (start, after)
        CROSS JOIN LATERAL (
            SELECT id, epoch, first, next, snapshot, graph, created, updated
            FROM {schema}.sessions
            WHERE id >= range.start AND id < range.after AND next > 0 ORDER BY id LIMIT $3
        ) AS page
        ORDER BY page.id LIMIT $3",
    // one page per graph and range, in the order of the index, then the first ids of all pages
    sessions_of: "SELECT page.*
        FROM (SELECT DISTINCT unnest($4::text[]) AS name) AS graphs
        CROSS JOIN unnest($1::text[], $2::text[]) AS range (start, after)
        CROSS JOIN LATERAL (
            SELECT id, epoch, first, next, snapshot, graph, created, updated
            FROM {schema}.sessions
            WHERE graph = graphs.name AND id >= range.start AND id < range.after AND next > 0
            ORDER BY id LIMIT $3
        ) AS page
        ORDER BY page.id LIMIT $3",
    epochs: "SELECT e.epoch, e.start
        FROM {schema}.sessions s JOIN {schema}.epochs e ON e.session = s.key
        WHERE s.id = $1 AND s.next > 0 ORDER BY e.epoch",
    release: "UPDATE {schema}.sessions SET active = NULL WHERE id = $1 AND epoch = $2",
    trim: "SELECT outcome, last_snapshot FROM {schema}.trim_before($1, $2)",
    remove: "SELECT {schema}.remove($1)",
    // the entries are durable already; without a flush, the global lock for notifications is held only
    // briefly
    notify: "SELECT set_config('synchronous_commit', 'off', true), pg_notify($1, payload)
        FROM unnest($2::text[]) AS payload",
}
