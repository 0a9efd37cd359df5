use crate::support::Server;
use burdock_tests::graphs::{a_renamed_graph_keeps_its_sessions, sessions_are_kept_apart};
use std::sync::Arc;

#[tokio::test]
async fn sessions_of_two_graphs_are_kept_apart() {
    sessions_are_kept_apart(Arc::new(Server::shared().log().await)).await;
}

#[tokio::test]
async fn a_graph_keeps_its_sessions_when_it_is_renamed() {
    a_renamed_graph_keeps_its_sessions(Arc::new(Server::shared().log().await)).await;
}
