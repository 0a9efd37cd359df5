//! Values that `PostgresLog` accepts are restored unchanged.
#![cfg(feature = "server-tests")]
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use burdock::log::Log;
use burdock_subjects::server::Server;
use burdock_tests::round_trip::check;
use std::sync::Arc;

#[tokio::test(flavor = "multi_thread")]
async fn values_are_restored_from_postgresql() {
    let log = Server::shared().options().max_connections(2).connect().await.unwrap();
    let log: Arc<dyn Log> = Arc::new(log);
    for seed in 200..202 {
        let counts = check(Arc::clone(&log), seed, 150).await;
        assert!(counts.recorded > counts.fields && counts.fields > 0, "{counts:?}");
    }
}
