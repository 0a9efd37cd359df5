//! Sessions that every release wrote, opened by this one.

use super::{
    diary::{
        Diary, KeepingNode as At, Later, LaterInputs, LaterNode, SESSIONS, clock, inputs, open,
        open_later,
    },
    fixtures::{Logs, export, lines, records},
};
use burdock::{
    Outcome, Position,
    log::{EntryKind, FORMAT, Log, Offset, SessionFilter, SessionId},
};
use burdock_tests::script::Script;
use std::sync::Arc;

/// Runs a check on every log of every format.
async fn each(mut check: impl AsyncFnMut(Arc<dyn Log>)) {
    for format in 1..=FORMAT {
        let logs = Logs::of(format).await;
        check(Arc::clone(&logs.memory)).await;
        check(Arc::clone(&logs.sqlite)).await;
    }
}

/// The first lines of the pages.
fn pages(diary: &Diary) -> Vec<&str> {
    diary.pages.iter().map(|page| page.lines().next().unwrap()).collect()
}

fn sealed(diary: &Diary) -> Vec<&str> {
    diary.seals.keys().map(String::as_str).collect()
}

#[tokio::test]
async fn the_sqlite_file_has_the_same_entries_as_the_json_lines() {
    for format in 1..=FORMAT {
        let logs = Logs::of(format).await;
        for session in SESSIONS {
            assert_eq!(export(&*logs.sqlite, session).await, lines(format, session));
        }
    }
}

/// This also holds for sessions of stores that had no column for the graph yet.
#[tokio::test]
async fn sessions_are_listed_by_their_graph() {
    each(async |log| {
        for session in SESSIONS {
            let session = SessionId::new(session).unwrap();
            let graph = log.info(&session).await.unwrap().graph;
            let snapshots =
                records(&*log, session.as_str()).await.into_iter().filter_map(|record| {
                    Some(record.entry(&session).unwrap().kind.snapshot()?.graph.name.clone())
                });
            assert_eq!(graph.as_deref(), snapshots.last().as_deref());
        }
        let all: Vec<_> = listed(&*log, SessionFilter::default()).await;
        assert_eq!(listed(&*log, SessionFilter::of::<Later>()).await, all);
        let graphs = vec!["Other".into()];
        assert!(
            listed(&*log, SessionFilter { graphs, ..SessionFilter::default() }).await.is_empty()
        );
    })
    .await;
}

async fn listed(log: &dyn Log, filter: SessionFilter) -> Vec<SessionId> {
    log.sessions(filter).await.unwrap().into_iter().map(|info| info.id).collect()
}

#[tokio::test]
async fn a_reopened_session_continues() {
    each(async |log| {
        let mut app = open(Arc::clone(&log), "diary", Script::default(), &clock()).await;
        assert_eq!(app.position(), Position::Rest(At::first));
        let mut expected = vec![
            "monday: first",
            "node `first` failed",
            "wednesday: first",
            "node `second` failed in attempt 2",
            "node `first` panicked: spider",
            "friday: first",
            "friday again: first",
        ];
        assert_eq!(pages(app.state()), expected);
        assert_eq!(sealed(app.state()), ["friday again: second", "monday: second"]);
        assert_eq!(app.state().note.get().unwrap(), "friday again: second");
        assert_eq!(app.state().mood.to_bits(), 0.6_f64.to_bits());
        let end = app.run(inputs("saturday")).await.unwrap();
        assert_eq!(end.outcome(), Outcome::Ended);
        expected.push("saturday: first");
        assert_eq!(pages(app.state()), expected);
    })
    .await;
}

#[tokio::test]
async fn a_fork_continues_at_its_entry() {
    each(async |log| {
        let mut app = open(Arc::clone(&log), "fork", Script::default(), &clock()).await;
        assert_eq!(app.position(), Position::Unfinished(At::tear));
        let record = records(&*log, "fork").await.remove(0);
        let created = record.entry(&SessionId::new("fork").unwrap()).unwrap().kind;
        let EntryKind::SessionCreated { parent: Some(parent), .. } = created else { panic!() };
        assert_eq!(parent.session.as_str(), "diary");
        assert_eq!(app.at(Offset::ZERO).await.unwrap().state, *app.state());
        assert_eq!(pages(app.state()), ["monday: first", "monday: second"]);
        app.resume().await.unwrap();
        assert_eq!(pages(app.state()), ["monday: first"]);
        assert_eq!(sealed(app.state()), ["monday: second"]);
    })
    .await;
}

#[tokio::test]
async fn resume_passes_on_the_recorded_failure() {
    each(async |log| {
        let mut app = open(Arc::clone(&log), "slot", Script::default(), &clock()).await;
        assert_eq!(app.position(), Position::Unfinished(At::regret));
        app.resume().await.unwrap();
        let regret = "node `seal` reads the slot `note`, which has no value in this state";
        assert_eq!(pages(app.state()), [regret]);
    })
    .await;
}

#[tokio::test]
async fn a_run_that_a_crash_interrupted_is_resumed_with_its_inputs() {
    each(async |log| {
        let mut app = open(Arc::clone(&log), "unfinished", Script::default(), &clock()).await;
        assert_eq!(app.position(), Position::Unfinished(At::second));
        let next = app.cursor().unwrap().offset.0 + 1;
        app.resume().await.unwrap();
        assert_eq!(pages(app.state()), ["node `first` failed", "three: first"]);
        assert_eq!(sealed(app.state()), ["three: second"]);
        let records = records(&*log, "unfinished").await;
        let id = SessionId::new("unfinished").unwrap();
        let after = records[usize::try_from(next).unwrap()..].iter();
        let mut after = after.map(|record| record.entry(&id).unwrap().kind).peekable();
        // the graph that wrote the first format has another hash
        let is_changed = records[0].json.contains(r#""v":1,"#);
        let snapshot = after.next_if(|kind| matches!(kind, EntryKind::Snapshot(_)));
        assert_eq!(snapshot.is_some(), is_changed);
        assert!(matches!(after.next(), Some(EntryKind::RunResumed { .. })));
        assert!(matches!(after.next(), Some(EntryKind::ItemsSuperseded { items: 2, .. })));
    })
    .await;
}

#[tokio::test]
async fn opening_with_a_changed_graph_and_closing_again_writes_nothing() {
    each(async |log| {
        let before = records(&*log, "unfinished").await;
        for _ in 0..3 {
            let mut app =
                open_later(Arc::clone(&log), "unfinished", Script::default(), &clock()).await;
            // fails, because the session is unfinished
            app.run(LaterInputs { title: "no".into(), number: None }).await.unwrap_err();
            app.flush().await.unwrap();
            app.close().await.unwrap();
        }
        assert_eq!(records(&*log, "unfinished").await, before);
    })
    .await;
}

#[tokio::test]
async fn a_renamed_graph_resumes_an_unfinished_session() {
    each(async |log| {
        let mut app = open_later(Arc::clone(&log), "unfinished", Script::default(), &clock()).await;
        assert_eq!(app.position(), Position::Unfinished(LaterNode::second));
        app.resume().await.unwrap();
        assert_eq!(app.position(), Position::Rest(LaterNode::first));
        assert_eq!(pages(app.state()), ["node `first` failed", "three: first"]);
    })
    .await;
}
