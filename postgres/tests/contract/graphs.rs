use crate::support::Server;
use burdock_tests::graphs::{a_renamed_graph_keeps_its_sessions, sessions_are_kept_apart};
use std::sync::Arc;

#[tokio::test]
async fn graphs_open_only_their_own_sessions() {
    sessions_are_kept_apart(Arc::new(Server::shared().log().await)).await;
}

#[tokio::test]
async fn renamed_graph_keeps_its_sessions() {
    a_renamed_graph_keeps_its_sessions(Arc::new(Server::shared().log().await)).await;
}
