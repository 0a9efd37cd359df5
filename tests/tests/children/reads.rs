//! Reading the sessions of children, whose ids readers find in the log of the parent.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use super::*;
use burdock::{
    log::{Followed, History, RawSessionView, follow, fork},
    run::check_sessions,
};

/// Another version of the program.
mod later {
    use super::*;

    #[action(state = Finding, writes(summary))]
    async fn sum_up(#[input] question: String) -> Result<Writes> {
        Ok(Writes { summary: question })
    }

    graph! {
        /// Lost the node `search`.
        pub Research(Finding) {
            inputs { question: String }
            nodes { sum_up }
            start sum_up;
            sum_up -> end;
        }
    }
}

/// Runs a report until its first child has ended and the second one has shown an item.
async fn interrupted(log: &Arc<dyn Log>) -> Vec<SessionId> {
    let mut app = open(&World::default(), Some(log)).await;
    let mut run = app.run(inputs(1));
    for _ in 0..4 {
        run.next().await.unwrap().unwrap();
    }
    drop(run);
    app.close().await.unwrap();
    let started = entries(log, &ada()).await.into_iter().filter_map(|kind| match kind {
        EntryKind::ChildStarted { session, .. } => Some(session),
        _ => None,
    });
    started.collect()
}

#[tokio::test]
async fn unfinished_children_that_do_not_fit_a_program_are_found() {
    let log = memory();
    let children = interrupted(&log).await;
    assert_eq!(children.len(), 2);
    assert!(check_sessions::<Research>(&log).await.unwrap().is_empty());
    assert!(check_sessions::<Reporting>(&log).await.unwrap().is_empty());
    let misfits = check_sessions::<later::Research>(&log).await.unwrap();
    let misfits: Vec<_> = misfits.into_iter().map(|misfit| misfit.session).collect();
    assert_eq!(misfits, children[1..], "the first child has ended");
}

#[tokio::test]
async fn a_child_has_a_history_and_can_be_followed_and_copied() {
    let log = memory();
    let children = interrupted(&log).await;
    let mut history = History::of(&log, &children[0]);
    let mut nodes = Vec::new();
    while let Some(step) = history.next().await.unwrap() {
        nodes.push(step.node);
    }
    assert_eq!(nodes, ["search", "sum_up"]);

    let written = log.read(&children[0], Offset(0), 1_000).await.unwrap();
    let mut events = follow(&log, &children[0], None).await.unwrap();
    for record in &written {
        let Followed::Record(followed) = events.next().await.unwrap().unwrap() else { panic!() };
        assert_eq!(followed, *record);
    }

    // the copy of a child is a session like any other
    let copy = SessionId::new("copy").unwrap();
    let last = RawSessionView::latest(&log, &children[1]).await.unwrap().offset;
    fork(&log, &children[1], last, &copy).await.unwrap();
    let resources = ResearchResources { world: World::default() };
    let builder = Research::app().resources(resources).id("copy").log(Arc::clone(&log));
    let mut app = builder.build().await.unwrap();
    assert_eq!(app.resume().await.unwrap().state().summary, "moons has 2 sources");
    let EntryKind::SessionCreated { child_of, parent, .. } = &entries(&log, &copy).await[0] else {
        panic!()
    };
    assert_eq!((child_of, &parent.as_ref().unwrap().session), (&None, &children[1]));
}
