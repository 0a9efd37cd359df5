//! The same on `PostgreSQL`.

use super::check;
use burdock_postgres::PostgresLog;
use burdock_subjects::server::Server;

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_postgresql_neither_lose_nor_duplicate_prompts() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    let log = PostgresLog::connect(server.url()).await.unwrap();
    check(&log, &server.url()).await;
}
