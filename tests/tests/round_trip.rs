//! Values that a log takes come back as they were.
#![allow(missing_docs, clippy::unwrap_used, reason = "a test")]

use burdock::log::{Log, MemoryLog};
use burdock_sqlite::SqliteLog;
use burdock_tests::round_trip::{Counts, check};
use std::sync::Arc;

/// Every kind of value was refused somewhere, and most were not.
fn assert_varied(counts: &Counts) {
    let Counts { inputs, items, fields, recorded } = *counts;
    assert!(inputs > 0 && items > 0 && fields > 0, "{counts:?}");
    assert!(recorded > inputs + items + fields, "{counts:?}");
}

#[tokio::test]
async fn values_come_back_from_memory_as_they_were() {
    for seed in 0..4 {
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
        assert_varied(&check(log, seed, 200).await);
    }
}

#[tokio::test]
async fn values_come_back_from_a_file_as_they_were() {
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("log.db")).await.unwrap();
    let shared: Arc<dyn Log> = Arc::new(log.clone());
    for seed in 100..102 {
        assert_varied(&check(Arc::clone(&shared), seed, 150).await);
    }
    log.close().await;
}
