//! Two graphs that differ only in their names, and checks that a log keeps their sessions apart.

use burdock::{
    App, Graph,
    log::{Log, Offset, SessionFilter, SessionId, SessionInfo, fork},
    prelude::*,
    run::{AppBuilder, BuildError, Provided, ReadError, RestoreError, SessionView},
};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tally {
    #[state(public)]
    pub count: u64,
}

#[action(state = Tally, reads(count), writes(count))]
async fn count(tally: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: tally.count + 1 })
}

macro_rules! counting {
    ($(#[$attr:meta])* $name:ident) => {
        graph! {
            $(#[$attr])*
            pub $name(Tally) {
                nodes { count }
                start count;
                count -> pause;
            }
        }
    };
}

counting!(Votes);
counting!(Visits);
counting! {
    /// A later name of `Votes`.
    #[renamed_from("Polls")]
    #[renamed_from("Votes")]
    Ballots
}

pub fn id(id: &str) -> SessionId {
    SessionId::new(id).unwrap()
}

/// The owner of the session, from the error of an opening with another graph.
pub fn owner(error: &BuildError) -> &str {
    match error {
        BuildError::Open(ReadError::Restore(RestoreError::OtherGraph { owner, .. })) => owner,
        error => panic!("{error:?}"),
    }
}

async fn info(log: &Arc<dyn Log>, session: &str) -> SessionInfo {
    log.info(&id(session)).await.unwrap()
}

async fn listed<G: Graph>(log: &Arc<dyn Log>) -> Vec<String> {
    let found = log.sessions(SessionFilter::of::<G>()).await.unwrap();
    found.into_iter().map(|info| info.id.to_string()).collect()
}

fn on<G: Graph<Item: burdock::log::LogItem>, S>(
    app: AppBuilder<G, Provided<G::Resources>, S>,
    log: &Arc<dyn Log>,
    session: &str,
) -> AppBuilder<G, Provided<G::Resources>, S> {
    app.id(session).log(Arc::clone(log))
}

pub async fn votes(log: &Arc<dyn Log>, session: &str) -> Result<App<Votes>, BuildError> {
    on(Votes::app(), log, session).build().await
}

pub async fn visits(log: &Arc<dyn Log>, session: &str) -> Result<App<Visits>, BuildError> {
    on(Visits::app(), log, session).build().await
}

pub async fn ballots(log: &Arc<dyn Log>, session: &str) -> Result<App<Ballots>, BuildError> {
    on(Ballots::app(), log, session).build().await
}

/// Checks that a session can be opened, read, forked and listed only with its own graph.
pub async fn sessions_are_kept_apart(log: Arc<dyn Log>) {
    let mut app = votes(&log, "a").await.unwrap();
    app.run(VotesInputs {}).await.unwrap();
    app.flush().await.unwrap();
    let before = info(&log, "a").await;
    assert_eq!(before.graph.as_deref(), Some("Votes"));

    let error = visits(&log, "a").await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "session `a` belongs to graph `Votes` and cannot be opened with graph `Visits`: use another \
         session id, or, if `Votes` was renamed to `Visits`, write `#[renamed_from(\"Votes\")]` before \
         `Visits`"
    );
    let error = on(Visits::app(), &log, "a").existing().build().await.unwrap_err();
    assert_eq!(owner(&error), "Votes");
    for read in [
        SessionView::<Visits>::latest(&log, &id("a")).await,
        SessionView::at(&log, &id("a"), Offset(0)).await,
    ] {
        let error = read.unwrap_err();
        assert!(matches!(error, ReadError::Restore(RestoreError::OtherGraph { .. })), "{error:?}");
    }
    assert_eq!(info(&log, "a").await, before, "nothing was claimed or written");
    app.run(VotesInputs {}).await.unwrap();

    let last = app.cursor().unwrap().offset;
    fork(&log, &id("a"), last, &id("b")).await.unwrap();
    drop(app.fork(last, "c").await.unwrap());
    drop(visits(&log, "d").await.unwrap());
    for session in ["b", "c"] {
        assert_eq!(info(&log, session).await.graph.as_deref(), Some("Votes"), "{session}");
        assert_eq!(owner(&visits(&log, session).await.unwrap_err()), "Votes");
    }
    assert_eq!(listed::<Votes>(&log).await, ["a", "b", "c"]);
    assert_eq!(listed::<Visits>(&log).await, ["d"]);
    assert_eq!(app.close().await.unwrap(), Tally { count: 2 });
}

/// Checks that a graph with `#[renamed_from(…)]` continues the sessions of its former names.
pub async fn a_renamed_graph_keeps_its_sessions(log: Arc<dyn Log>) {
    for session in ["a", "b"] {
        let mut app = votes(&log, session).await.unwrap();
        app.run(VotesInputs {}).await.unwrap();
        app.close().await.unwrap();
    }
    drop(visits(&log, "c").await.unwrap());
    assert_eq!(listed::<Ballots>(&log).await, ["a", "b"]);
    assert_eq!(SessionView::<Ballots>::latest(&log, &id("b")).await.unwrap().state.count, 1);

    let past = Offset(info(&log, "a").await.next.0 - 1);
    let mut app = ballots(&log, "a").await.unwrap();
    app.run(BallotsInputs {}).await.unwrap();
    app.flush().await.unwrap();
    assert_eq!(info(&log, "a").await.graph.as_deref(), Some("Ballots"));
    assert_eq!(owner(&votes(&log, "a").await.unwrap_err()), "Ballots");
    assert_eq!(listed::<Ballots>(&log).await, ["a", "b"], "each under its own name");
    assert_eq!(listed::<Votes>(&log).await, ["b"]);

    // the earlier entries have the former name
    assert_eq!(app.at(past).await.unwrap().state.count, 1);
    assert_eq!(app.fork(past, "d").await.unwrap().state().count, 1);
    assert_eq!(app.close().await.unwrap(), Tally { count: 2 });
    assert_eq!(ballots(&log, "a").await.unwrap().state().count, 2);
    assert_eq!(owner(&ballots(&log, "c").await.unwrap_err()), "Visits");
}
