//! Session ids, prefixes, graphs and pages.

use crate::{
    entries::{created_by, item, numbered, snapshot_of},
    trial::{Stop, Trial, Verdict, ensure, ensure_content, ensure_eq},
};
use burdock::log::{Claim, Log, LogError, SessionFilter, SessionId, SessionInfo, Urgency};
use std::{collections::BTreeSet, sync::Arc};

/// Ids that programs often mishandle. Ids are distinct even if they differ only in case, in trailing
/// spaces or in Unicode normalization.
const UNUSUAL: &[&str] = &[
    "a",
    "A",
    "a ",
    " a",
    "a  ",
    "aa",
    "ab",
    "b",
    "B",
    "a\t",
    "a\n",
    "a\r\n",
    "\n",
    " ",
    "a\u{1}",
    "it's",
    "it''s",
    "\"quoted\"",
    "`tick`",
    "'; DROP TABLE sessions; --",
    "a/b",
    "a//b",
    "/a",
    "a/",
    "..",
    "../../etc/passwd",
    "a\\b",
    "\\",
    "C:\\a",
    "a%b",
    "a_b",
    "axb",
    "a%",
    "a_",
    "%",
    "_",
    "%%",
    "a*b",
    "a?b",
    "[a]",
    "{a}",
    "$1",
    "?1",
    ":a",
    "@a",
    "a:b",
    "a;b",
    "a,b",
    "a|b",
    "a&b",
    "a#b",
    "a\u{7f}",
    "é",
    "e\u{301}",
    "É",
    "E\u{301}",
    "ß",
    "ss",
    "SS",
    "ẞ",
    "ı",
    "i",
    "I",
    "İ",
    "ﬁ",
    "fi",
    "日本語",
    "한",
    "\u{1112}\u{1161}\u{11ab}",
    "😀",
    "\u{ffff}",
    "\u{e000}",
    "\u{10000}",
    "\u{10ffff}",
    "\u{fffd}",
    "\u{feff}a",
    "a\u{200b}",
    "a\u{200d}",
    "Å",
    "\u{212b}",
    "A\u{30a}",
    "null",
    "NULL",
    "0",
    "00",
    "1",
    "10",
    "2",
    "-1",
    "1e3",
    "true",
    "NaN",
];

async fn page(
    log: &Arc<dyn Log>,
    prefix: &str,
    after: Option<&SessionId>,
    limit: usize,
) -> Result<Vec<SessionInfo>, Stop> {
    page_of(log, &[], prefix, after, limit).await
}

pub(super) async fn page_of(
    log: &Arc<dyn Log>,
    graphs: &[&str],
    prefix: &str,
    after: Option<&SessionId>,
    limit: usize,
) -> Result<Vec<SessionInfo>, Stop> {
    let graphs = graphs.iter().copied().map(Arc::from).collect();
    let filter = SessionFilter { prefix: prefix.into(), graphs, after: after.cloned(), limit };
    let page = log.sessions(filter).await?;
    ensure!(page.len() <= limit, "{} sessions were listed, limit was {limit}", page.len());
    Ok(page)
}

/// Lists the ids with a prefix, in pages.
pub(super) async fn ids(
    log: &Arc<dyn Log>,
    prefix: &str,
    limit: usize,
) -> Result<Vec<SessionId>, Stop> {
    ids_of(log, &[], prefix, limit).await
}

/// Lists the ids with a prefix that belong to graphs, in pages.
pub(super) async fn ids_of(
    log: &Arc<dyn Log>,
    graphs: &[&str],
    prefix: &str,
    limit: usize,
) -> Result<Vec<SessionId>, Stop> {
    let mut ids: Vec<SessionId> = Vec::new();
    loop {
        let page = page_of(log, graphs, prefix, ids.last(), limit).await?;
        if page.is_empty() {
            return Ok(ids);
        }
        for SessionInfo { id, .. } in page {
            let last = ids.last();
            ensure!(last < Some(&id), "{id:?} is listed after {last:?}");
            ids.push(id);
        }
    }
}

async fn create(trial: &Trial, names: &[&str]) -> Result<Vec<SessionId>, Stop> {
    let mut ids = BTreeSet::new();
    for name in names {
        ids.insert(trial.session(name, 1).await?.session);
    }
    Ok(ids.into_iter().collect())
}

pub(crate) async fn unusual_ids_are_distinct(trial: Trial) -> Verdict {
    let fill = SessionId::MAX_BYTES - trial.prefix.len();
    let long = ["x".repeat(fill), format!("{}y", "x".repeat(fill - 1)), "x".repeat(fill - 1)];
    // two-byte characters, to detect logs that count characters
    let wide = format!("{}{}", "é".repeat(fill / 2), "x".repeat(fill % 2));
    let names =
        UNUSUAL.iter().copied().chain(long.iter().map(String::as_str)).chain([wide.as_str()]);
    let mut writers = Vec::new();
    for name in names.clone() {
        let mut writer = trial.open(name).await?;
        ensure_eq!(writer.next.0, 0, "next offset of the new session {name:?}");
        writer.append(vec![numbered(0)?, item(name)?]).await?;
        writers.push(writer);
    }
    for log in trial.handles().await? {
        for writer in &writers {
            ensure_content(&log, &writer.session, &writer.sent).await?;
            let info = log.info(&writer.session).await?;
            ensure_eq!(info.id, writer.session, "id of a session");
            ensure_eq!(info.epoch, writer.epoch, "epoch of {:?}", writer.session.as_str());
        }
    }
    for writer in &writers {
        trial.log.delete(&writer.session).await?;
    }
    ensure_eq!(ids(&trial.log, &trial.prefix, 7).await?, Vec::new(), "remaining sessions");
    Ok(())
}

pub(crate) async fn prefix_is_not_a_pattern(trial: Trial) -> Verdict {
    let all = create(&trial, UNUSUAL).await?;
    for prefix in UNUSUAL.iter().copied().chain(["nothing", "[a-z]", "a_%", "ÉÉ", "^a", ".*"]) {
        let prefix = format!("{}{prefix}", trial.prefix);
        let expected: Vec<_> =
            all.iter().filter(|id| id.as_str().starts_with(&prefix)).cloned().collect();
        for log in trial.handles().await? {
            let found = ids(&log, &prefix, 1000).await?;
            ensure_eq!(found, expected, "ids with prefix {prefix:?}");
        }
    }
    Ok(())
}

pub(crate) async fn prefix_can_end_in_any_character(trial: Trial) -> Verdict {
    // the successor of a character is not always the next code point of the same length
    let names = [
        "a",
        "a\u{7f}",
        "a\u{7f}b",
        "a\u{80}",
        "a\u{7ff}",
        "a\u{7ff}b",
        "a\u{800}",
        "a\u{d7ff}",
        "a\u{d7ff}b",
        "a\u{e000}",
        "a\u{ffff}",
        "a\u{ffff}b",
        "a\u{10000}",
        "a\u{10ffff}",
        "a\u{10ffff}b",
        "a\u{10ffff}\u{10ffff}",
        "b",
        "\u{10ffff}",
        "\u{10ffff}\u{10ffff}",
        "\u{10ffff}b",
    ];
    let all = create(&trial, &names).await?;
    for prefix in names {
        let prefix = format!("{}{prefix}", trial.prefix);
        let expected: Vec<_> =
            all.iter().filter(|id| id.as_str().starts_with(&prefix)).cloned().collect();
        ensure_eq!(ids(&trial.log, &prefix, 3).await?, expected, "ids with prefix {prefix:?}");
    }
    let long = "x".repeat(SessionId::MAX_BYTES * 4);
    ensure_eq!(
        ids(&trial.log, &long, 3).await?,
        Vec::new(),
        "ids with a prefix that is too long for an id"
    );
    Ok(())
}

pub(crate) async fn sessions_are_listed_in_byte_order(trial: Trial) -> Verdict {
    let all = create(&trial, UNUSUAL).await?;
    for log in trial.handles().await? {
        let found = ids(&log, &trial.prefix, usize::MAX).await?;
        ensure_eq!(found, all, "ids in byte order");
    }
    // the store may contain other sessions
    let others = page(&trial.log, "", None, 1000).await?;
    ensure!(others.is_sorted_by(|a, b| a.id < b.id), "ids without a prefix are not sorted");
    let before = all.first().map(|id| id.as_str().trim_end().to_owned()).unwrap_or_default();
    let before = SessionId::stored(before.get(..trial.prefix.len()).unwrap_or_default())?;
    let found = page(&trial.log, "", Some(&before), all.len()).await?;
    let found: Vec<_> = found.into_iter().map(|info| info.id).collect();
    ensure_eq!(found, all, "ids after an id without a session");
    Ok(())
}

pub(crate) async fn pages_have_no_gaps_or_duplicates(trial: Trial) -> Verdict {
    let all = create(&trial, UNUSUAL).await?;
    for limit in [1, 2, 10, all.len() - 1, all.len(), all.len() + 1] {
        ensure_eq!(ids(&trial.log, &trial.prefix, limit).await?, all, "ids in pages of {limit}");
    }
    for after in &all {
        // even if the last session of a page is deleted before the next page is read
        trial.log.delete(after).await?;
        let found = page(&trial.log, &trial.prefix, Some(after), 1000).await?;
        let expected = all.iter().filter(|id| *id > after);
        let found: Vec<_> = found.iter().map(|info| &info.id).collect();
        ensure_eq!(found, expected.collect::<Vec<_>>(), "ids after {:?}", after.as_str());
    }
    Ok(())
}

pub(crate) async fn session_belongs_to_the_graph_of_its_last_snapshot(trial: Trial) -> Verdict {
    let mut writer = trial.open("a").await?;
    let mut other = trial.open("b").await?;
    other.append(vec![created_by("Other")?]).await?;
    for (entries, graph) in [
        (vec![created_by("First")?, item(1)?], "First"),
        (vec![item(2)?], "First"),
        (vec![snapshot_of("Second")?], "Second"),
        (vec![snapshot_of("First")?, snapshot_of("größer")?, item(3)?], "größer"),
    ] {
        writer.append(entries).await?;
        for log in trial.handles().await? {
            let info = log.info(&writer.session).await?;
            ensure_eq!(info.graph.as_deref(), Some(graph), "graph of a session");
            let listed = page(&log, &trial.prefix, None, 10).await?;
            let graphs: Vec<_> = listed.iter().map(|info| info.graph.as_deref()).collect();
            ensure_eq!(graphs, [Some(graph), Some("Other")], "graphs of listed sessions");
        }
    }
    // earlier snapshots are trimmed
    let snapshot = writer.next;
    writer.append(vec![snapshot_of("Third")?, item(4)?]).await?;
    trial.log.trim(&writer.session, snapshot).await?;
    let mut writer = writer.successor().await?;
    writer.append(vec![item(5)?]).await?;
    let info = trial.log.info(&writer.session).await?;
    ensure_eq!(info.graph.as_deref(), Some("Third"), "graph of a trimmed session");
    trial.log.delete(&writer.session).await?;
    trial.open("a").await?.append(vec![created_by("Fourth")?]).await?;
    let info = trial.log.info(&writer.session).await?;
    ensure_eq!(info.graph.as_deref(), Some("Fourth"), "graph of a recreated session");
    Ok(())
}

pub(crate) async fn sessions_are_filtered_by_graph(trial: Trial) -> Verdict {
    const GRAPHS: &[&str] = &["Chat", "chat", "Chatbot", "Ch_t", "%", "größer", "GRÖSSER"];
    let mut all = Vec::new();
    for index in 0..4 * GRAPHS.len() {
        let graph = GRAPHS[index % GRAPHS.len()];
        let mut writer = trial.open(&format!("{index:02}")).await?;
        writer.append(vec![created_by(graph)?, item(1)?]).await?;
        all.push((graph, writer.session));
    }
    // an opened session without entries
    trial.open("never").await?;
    for log in trial.handles().await? {
        for wanted in [
            &["Chat"][..],
            &["chat"],
            &["Ch_t"],
            &["%"],
            &["GRÖSSER"],
            &["Chat", "größer"],
            &["größer", "Chat", "Chatbot"],
            &["Chat", "Chat"],
            &["Chat", "nothing"],
            &["nothing"],
            &[""],
            GRAPHS,
            &[],
        ] {
            let belongs = |graph: &str| wanted.is_empty() || wanted.contains(&graph);
            for prefix in ["", "0", "1"].map(|prefix| format!("{}{prefix}", trial.prefix)) {
                let expected = all
                    .iter()
                    .filter(|(graph, id)| belongs(graph) && id.as_str().starts_with(&prefix));
                let expected: Vec<_> = expected.map(|(_, id)| id.clone()).collect();
                for limit in [1, 3, 1000] {
                    let found = ids_of(&log, wanted, &prefix, limit).await?;
                    ensure_eq!(found, expected, "sessions of {wanted:?} in pages of {limit}");
                }
            }
        }
    }
    // a session whose graph changes is listed with the new graph only
    let (_, id) = &all[0];
    let mut writer = trial.open("00").await?;
    writer.append(vec![snapshot_of("Renamed")?]).await?;
    let renamed = ids_of(&trial.log, &["Renamed"], &trial.prefix, 5).await?;
    ensure!(renamed == *std::slice::from_ref(id), "{renamed:?} are listed with the new graph");
    let before = ids_of(&trial.log, &["Chat"], &trial.prefix, 5).await?;
    ensure!(!before.contains(id), "{id:?} is listed with its former graph");
    Ok(())
}

pub(crate) async fn ten_thousand_sessions_are_listed(trial: Trial) -> Verdict {
    const SESSIONS: u64 = 10_000;
    let mut parts = Vec::new();
    for part in 0..8 {
        let part_of = trial.clone();
        parts.push(trial.spawn(async move {
            let mut pending = Vec::new();
            for number in (part..SESSIONS).step_by(8) {
                let claim = Claim::default();
                let id = part_of.id(&format!("{number:05}"))?;
                let mut writer = crate::writer::Writer::open(&part_of.log, &id, claim).await?;
                pending.push(writer.send(vec![numbered(0)?], Urgency::Now));
                if pending.len() == 100 {
                    for append in pending.drain(..) {
                        append.await?;
                    }
                }
            }
            for append in pending {
                append.await?;
            }
            Ok(())
        }));
    }
    for part in parts {
        part.await?;
    }
    let expected = (0..SESSIONS).map(|number| trial.id(&format!("{number:05}")));
    let expected = expected.collect::<Result<Vec<_>, LogError>>()?;
    let found = ids(&trial.log, &trial.prefix, 999).await?;
    ensure_eq!(found.len(), expected.len(), "number of listed sessions");
    ensure!(found == expected, "sessions are not listed in byte order");
    let found = ids(&trial.log, &format!("{}042", trial.prefix), 17).await?;
    ensure_eq!(found, expected[4200..4300], "sessions with prefix 042");
    Ok(())
}
