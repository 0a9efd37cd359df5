use crate::support::{
    Server,
    entries::{id, ids},
};
use burdock::log::{Claim, Log, Offset, SessionFilter};
use burdock_postgres::PostgresLog;

const FIRST: &str = include_str!("../../migrations/0001_log.sql");

/// Creates a schema of the first version.
async fn first_version(schema: &str) {
    let server = Server::shared();
    // for the checksum stored by the driver
    server.options_of("current").connect().await.unwrap();
    server.sql(format!("CREATE SCHEMA {schema}; SET search_path TO {schema}; {FIRST}")).await;
    server
        .sql(format!(
            "CREATE TABLE {schema}.migrations (LIKE current.migrations INCLUDING ALL);
             INSERT INTO {schema}.migrations SELECT * FROM current.migrations WHERE version = 1"
        ))
        .await;
}

/// Stores entries with the statements of the first version.
async fn store(schema: &str, session: &str, place: u64, entries: &[(&str, &str)]) {
    let array = |values: Vec<String>| format!("ARRAY[{}]", values.join(", "));
    let kinds = array(entries.iter().map(|(kind, _)| format!("'{kind}'")).collect());
    let is_snapshot = |kind: &str| kind != "item";
    let snapshots = array(entries.iter().map(|(kind, _)| is_snapshot(kind).to_string()).collect());
    let jsons = array(entries.iter().map(|(_, json)| format!("$${json}$$")).collect());
    let last = entries.iter().rposition(|(kind, _)| is_snapshot(kind));
    let last = last.map_or("NULL".into(), |last| (place + last as u64).to_string());
    let count = entries.len();
    Server::shared()
        .sql(format!(
            "SELECT {schema}.open('{session}', 'any', NULL, 0);
             SELECT {schema}.append(
                 '{session}', (SELECT epoch FROM {schema}.sessions WHERE id = '{session}'),
                 {place}, {last}, {kinds}, {snapshots}, array_fill(7::bigint, ARRAY[{count}]),
                 array_fill(0, ARRAY[{count}]), {jsons}
             )"
        ))
        .await;
}

fn created(graph: &str, text: &str) -> String {
    // the state and the parent may contain any text
    format!(
        r#"{{"v":1,"at":[7,0],"entry":{{"session_created":{{"parent":{{"session":"\"graph\":{{\"name\":\"No\"}}","offset":1}},"snapshot":{{"graph":{{"name":"{graph}","hash":"00"}},"version":1,"state":{{"graph":{{"name":"No"}},"text":"{text}"}}}}}}}}}}"#
    )
}

fn snapshot(graph: &str) -> String {
    format!(r#"{{"v":1,"at":[7,0],"entry":{{"snapshot":{{"graph":{{"name":"{graph}"}}}}}}}}"#)
}

async fn graph(log: &PostgresLog, session: &str) -> Option<String> {
    log.info(&id(session)).await.unwrap().graph.map(|graph| graph.to_string())
}

async fn listed(log: &PostgresLog, graphs: &[&str]) -> Vec<String> {
    let graphs = graphs.iter().map(|graph| (*graph).into()).collect();
    let found = log.sessions(SessionFilter { graphs, ..SessionFilter::default() }).await.unwrap();
    found.into_iter().map(|info| info.id.to_string()).collect()
}

#[tokio::test]
async fn migration_fills_in_the_graphs_of_sessions() {
    let schema = "first";
    first_version(schema).await;
    for (session, text) in
        [("plain", "x"), ("nul", r"a\u0000b"), ("escaped", r"a\\u0000b"), ("deep", r"\ud83d\ude00")]
    {
        store(schema, session, 0, &[("session_created", &created("Chat", text))]).await;
    }
    store(schema, "renamed", 0, &[("session_created", &created("Chat", "x"))]).await;
    store(schema, "renamed", 1, &[("item", "1"), ("snapshot", &snapshot("Talk"))]).await;
    Server::shared()
        .sql("SELECT first.trim_before('renamed', 2); SELECT first.open('empty', 'any', NULL, 1)")
        .await;
    for (session, json) in [("text", "no JSON"), ("value", "7"), ("other", r#"{"entry":[1]}"#)] {
        store(schema, session, 0, &[("session_created", json)]).await;
    }

    let log = Server::shared().options_of(schema).connect().await.unwrap();
    for session in ["plain", "nul", "escaped", "deep"] {
        assert_eq!(graph(&log, session).await.as_deref(), Some("Chat"), "{session}");
    }
    assert_eq!(graph(&log, "renamed").await.as_deref(), Some("Talk"));
    for session in ["text", "value", "other"] {
        assert_eq!(graph(&log, session).await, None, "{session}");
    }
    assert_eq!(ids(&log, "", None).await.len(), 8);
    assert_eq!(listed(&log, &["Chat"]).await, ["deep", "escaped", "nul", "plain"]);
    assert_eq!(listed(&log, &["Talk", "Chat"]).await.len(), 5);
    assert_eq!(log.open(&id("renamed"), Claim::default()).await.unwrap().next, Offset(3));
}

/// During a rolling upgrade, older programs are still connected.
#[tokio::test]
async fn programs_of_the_first_version_can_use_the_migrated_schema() {
    let schema = "replaced";
    first_version(schema).await;
    let log = Server::shared().options_of(schema).connect().await.unwrap();
    let entries = [("session_created", created("Chat", r"a\u0000b")), ("item", "1".into())];
    let entries = entries.each_ref().map(|(kind, json)| (*kind, json.as_str()));
    store(schema, "a", 0, &entries).await;
    store(schema, "a", 2, &[("item", "2")]).await;
    assert_eq!(graph(&log, "a").await.as_deref(), Some("Chat"));
    assert_eq!(log.info(&id("a")).await.unwrap().next, Offset(3));
    assert_eq!(listed(&log, &["Chat"]).await, ["a"]);
    store(schema, "a", 3, &[("snapshot", &snapshot("Talk"))]).await;
    assert_eq!(listed(&log, &["Talk"]).await, ["a"]);
}
