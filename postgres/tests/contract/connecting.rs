use crate::support::{
    Server,
    entries::{append, id, jsons},
};
use burdock::log::{Claim, Log, LogError, Offset};
use burdock_postgres::{ConnectError, Options};
use futures::future::join_all;
use std::{error::Error, time::Duration};

#[tokio::test]
async fn concurrent_connects_create_one_schema() {
    let options = Server::shared().options();
    let connecting = (0..8).map(|_| options.clone().max_connections(1).connect());
    for log in join_all(connecting).await {
        log.unwrap();
    }
}

#[tokio::test]
async fn newer_schemas_are_rejected() {
    let server = Server::shared();
    server.options_of("newer").connect().await.unwrap();
    server.sql("INSERT INTO newer.migrations SELECT 7, 'later', now(), true, '', 0").await;
    let error = server.options_of("newer").connect().await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "schema `newer` has version 7, but this program supports versions up to 2: update \
         burdock-postgres"
    );
}

#[tokio::test]
async fn changed_schemas_are_rejected() {
    let server = Server::shared();
    server.options_of("changed").connect().await.unwrap();
    server.sql("UPDATE changed.migrations SET checksum = 'other'").await;
    let error = server.options_of("changed").connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Migration { .. }), "{error:?}");
}

#[tokio::test]
async fn schemas_are_independent_logs() {
    let server = Server::shared();
    let [first, second] =
        [server.options_of("a \"log\"").connect().await, server.options_of("b").connect().await]
            .map(Result::unwrap);
    let session = id("s");
    let opened = first.open(&session, Claim::default()).await.unwrap();
    first.append(append(&session, opened.epoch, 0, 1)).await.unwrap();
    assert!(matches!(second.info(&session).await, Err(LogError::NoSession { .. })));
    assert_eq!(first.info(&session).await.unwrap().next, Offset(1));
}

#[tokio::test]
async fn usage_privileges_are_sufficient_for_an_existing_schema() {
    let server = Server::shared();
    let owner = server.options_of("shared").connect().await.unwrap();
    server
        .sql(
            "CREATE ROLE guest LOGIN;
             GRANT USAGE ON SCHEMA shared TO guest;
             GRANT USAGE ON ALL SEQUENCES IN SCHEMA shared TO guest;
             GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA shared TO guest",
        )
        .await;
    let url = server.url_of("guest", "postgres");
    let guest = Options::new(&url).schema("shared").connect().await.unwrap();
    let session = id("s");
    let opened = guest.open(&session, Claim::default()).await.unwrap();
    guest.append(append(&session, opened.epoch, 0, 2)).await.unwrap();
    assert_eq!(jsons(&owner, &session).await.len(), 2);

    let error = Options::new(url).schema("missing").connect().await.unwrap_err();
    let cause = error.source().and_then(Error::source).map(ToString::to_string);
    assert!(cause.is_some_and(|cause| cause.contains("permission denied")), "{error:?}");
}

#[tokio::test]
async fn unreachable_missing_and_invalid_databases_are_distinct_errors() {
    let closed =
        Options::new("postgres://x@127.0.0.1:1/x").operation_timeout(Duration::from_millis(50));
    let error = closed.connect().await.unwrap_err();
    let ConnectError::Log(error @ LogError::Unavailable(_)) = error else { panic!("{error:?}") };
    assert!(error.source().is_some_and(|source| source.to_string().contains("refused")));

    let other = Server::shared().url_of("postgres", "elsewhere");
    let error = Options::new(other).connect().await.unwrap_err();
    assert_eq!(error.to_string(), "the log cannot be stored: the database does not exist");

    let error = Options::new("no url").connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::InvalidUrl { .. }), "{error:?}");
}

#[tokio::test]
async fn databases_with_another_encoding_are_rejected() {
    let server = Server::shared();
    server.sql("CREATE DATABASE latin ENCODING LATIN1 TEMPLATE template0").await;
    let url = server.url_of("postgres", "latin");
    let error = Options::new(url).connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Encoding { .. }), "{error:?}");
}

#[tokio::test]
async fn read_only_database_is_reported() {
    let server = Server::shared();
    server.sql("CREATE DATABASE museum").await;
    let url = server.url_of("postgres", "museum");
    Options::new(&url).connect().await.unwrap().close().await;
    server.sql("ALTER DATABASE museum SET default_transaction_read_only = on").await;
    let log = Options::new(url).connect().await.unwrap();
    let error = log.open(&id("s"), Claim::default()).await.unwrap_err();
    assert_eq!(error.to_string(), "the log cannot be stored: the database is read-only");
}
