//! The same on `PostgreSQL`.

use super::{kills, survive};
use burdock::log::Log;
use burdock_postgres::PostgresLog;
use burdock_subjects::server::Server;
use std::sync::Arc;
use tokio::runtime::Builder;

#[test]
fn a_killed_research_continues_on_postgresql() {
    let server = Server::start();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(async {
        let log: Arc<dyn Log> = Arc::new(PostgresLog::connect(server.url()).await.unwrap());
        survive(&log, &server.url(), kills()).await;
    });
}
