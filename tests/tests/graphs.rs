//! A session belongs to the graph that created it.
#![allow(missing_docs, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    log::{Log, MemoryLog, Offset},
    prelude::*,
};
use burdock_sqlite::SqliteLog;
use burdock_tests::{
    faulty::{Call, FaultyLog, block_on},
    graphs::{
        VotesInputs, a_renamed_graph_keeps_its_sessions, id, owner, sessions_are_kept_apart,
        visits, votes,
    },
};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, Mutex};

#[tokio::test]
async fn sessions_of_two_graphs_are_kept_apart() {
    sessions_are_kept_apart(Arc::new(MemoryLog::new())).await;
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("log.db")).await.unwrap();
    sessions_are_kept_apart(Arc::new(log)).await;
}

#[tokio::test]
async fn a_graph_keeps_its_sessions_when_it_is_renamed() {
    a_renamed_graph_keeps_its_sessions(Arc::new(MemoryLog::new())).await;
    let folder = tempfile::tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("log.db")).await.unwrap();
    a_renamed_graph_keeps_its_sessions(Arc::new(log)).await;
}

/// Another program creates the session after this one found that it does not exist.
#[tokio::test]
async fn a_session_created_concurrently_by_another_graph_is_not_claimed() {
    let shared: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let faulty = FaultyLog::new(Arc::clone(&shared));
    let first = Arc::new(Mutex::new(None));
    faulty.before(Call::Open, {
        let (shared, first) = (Arc::clone(&shared), Arc::clone(&first));
        move || *first.lock().unwrap() = Some(block_on(votes(&shared, "a")).unwrap())
    });
    let log: Arc<dyn Log> = Arc::new(faulty);
    assert_eq!(owner(&visits(&log, "a").await.unwrap_err()), "Votes");
    // the other program is still the writer
    let mut app = first.lock().unwrap().take().unwrap();
    app.run(VotesInputs {}).await.unwrap();
    assert_eq!(app.close().await.unwrap().count, 1);
}

/// Two versions of a program that differ only in comments.
mod commented {
    use super::*;

    #[derive(State, Clone, Default, Serialize, Deserialize)]
    pub(super) struct Plain {
        pub count: u64,
    }

    #[action(state = Plain, reads(count), writes(count))]
    async fn step(plain: Reads<'_>) -> Result<Writes> {
        Ok(Writes { count: plain.count + 1 })
    }

    graph! {
        pub(super) Counting(Plain) {
            nodes { step }
            start step;
            step -> pause;
        }
    }

    pub(super) mod edited {
        use super::*;

        #[derive(State, Clone, Default, Serialize, Deserialize)]
        pub(crate) struct Plain {
            /// The number of steps.
            pub count: u64,
        }

        /// Counts.
        #[action(state = Plain, reads(count), writes(count))]
        async fn step(plain: Reads<'_>) -> Result<Writes> {
            Ok(Writes { count: plain.count + 1 })
        }

        graph! {
            /// Counts up.
            pub(crate) Counting(Plain) {
                nodes {
                    /// One more.
                    step
                }
                start step;
                step -> pause;
            }
        }
    }
}

#[tokio::test]
async fn an_edited_comment_writes_nothing_into_a_session() {
    use commented::{Counting, edited};
    assert_eq!(Counting::TOPOLOGY.hash(), edited::Counting::TOPOLOGY.hash());
    assert_ne!(Counting::TOPOLOGY.docs, edited::Counting::TOPOLOGY.docs);
    let log = MemoryLog::new();
    Counting::app().id("a").log(log.clone()).build().await.unwrap().close().await.unwrap();
    edited::Counting::app().id("a").log(log.clone()).build().await.unwrap().close().await.unwrap();
    assert_eq!(log.info(&id("a")).await.unwrap().next, Offset(1));
}
