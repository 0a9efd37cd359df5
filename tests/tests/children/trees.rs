//! Deleting, trimming, copying and reading sessions with children.

use super::*;
use burdock::log::{
    RawSessionView, SessionFilter, delete, delete_orphans, descendants, fork, trim,
};

async fn children(log: &Arc<dyn Log>) -> usize {
    let filter = SessionFilter { prefix: "~".into(), ..SessionFilter::default() };
    log.sessions(filter).await.unwrap().len()
}

#[tokio::test]
async fn deleting_a_session_deletes_its_children() {
    let (world, log) = (World::default(), memory());
    open(&world, Some(&log)).await.run(inputs(2)).await.unwrap();
    let bob = Reporting::app().resources(ReportingResources { world: world.clone() }).id("bob");
    bob.log(Arc::clone(&log)).build().await.unwrap().run(inputs(2)).await.unwrap();
    assert_eq!(descendants(&log, &ada()).await.unwrap().len(), 3);
    assert_eq!(children(&log).await, 6);
    delete(&log, &ada()).await.unwrap();
    assert_eq!(children(&log).await, 3);
    assert_eq!(delete_orphans(&log).await.unwrap(), 0);

    // interrupted after the session itself
    log.delete(&SessionId::new("bob").unwrap()).await.unwrap();
    assert_eq!(delete_orphans(&log).await.unwrap(), 3);
    assert_eq!(children(&log).await, 0);

    // another session with the id has nothing of the first one
    let mut app = open(&world, Some(&log)).await;
    app.run(inputs(2)).await.unwrap();
    assert_eq!(world.count("search tides"), 3);
}

#[tokio::test]
async fn trimming_a_session_deletes_the_children_of_the_entries_that_are_removed() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    app.run(inputs(2)).await.unwrap();
    app.close().await.unwrap();
    // opened by another version of the program, which writes a snapshot
    let snapshot = {
        let view = RawSessionView::latest(&log, &ada()).await.unwrap();
        let opened = log.open(&ada(), burdock::log::Claim::default()).await.unwrap();
        let kind = serde_json::json!({ "snapshot": view.snapshot });
        let kind = serde_json::from_value(kind).unwrap();
        let entry = burdock::log::Entry::new(view.time, kind);
        let entry = burdock::log::NewEntry::new(&entry).unwrap();
        let append = burdock::log::Append::new(ada(), opened.epoch, opened.next, vec![entry]);
        log.append(append).await.unwrap();
        opened.next
    };
    trim(&log, &ada(), Offset(3)).await.unwrap();
    assert_eq!(children(&log).await, 3, "they started later");
    trim(&log, &ada(), snapshot).await.unwrap();
    assert_eq!(children(&log).await, 0);
}

#[tokio::test]
async fn a_fork_in_the_middle_of_a_step_keeps_ended_children_and_starts_the_others_again() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    let mut run = app.run(inputs(1));
    for _ in 0..5 {
        // the first child and a part of the second
        run.next().await.unwrap().unwrap();
    }
    drop(run);
    app.flush().await.unwrap();
    let view = RawSessionView::latest(&log, &ada()).await.unwrap();
    let calls = view.snapshot.unfinished.as_ref().unwrap().calls.clone();
    let ended = |key: &str| calls[key].as_child().unwrap().end.is_some();
    assert!(ended("research/tides") && !ended("research/moons") && calls.len() == 2);

    let copy = SessionId::new("copy").unwrap();
    fork(&log, &ada(), view.offset, &copy).await.unwrap();
    let resources = ReportingResources { world: world.clone() };
    let builder = Reporting::app().resources(resources).id("copy").log(Arc::clone(&log));
    let mut copied = builder.build().await.unwrap();
    assert_eq!(copied.resume().await.unwrap().state().text, TEXT);
    assert_eq!((world.count("search tides"), world.count("search moons")), (1, 2));
    // the parent continues its own child
    assert_eq!(app.resume().await.unwrap().state().text, TEXT);
    assert_eq!(world.count("search tides"), 1);
    assert_eq!(shown(&log, &ada()).await, all_items());
}

#[tokio::test]
async fn a_child_whose_session_was_deleted_starts_again() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    let mut run = app.run(inputs(1));
    for _ in 0..5 {
        run.next().await.unwrap().unwrap();
    }
    drop(run);
    app.flush().await.unwrap();
    for child in descendants(&log, &ada()).await.unwrap() {
        log.delete(&child.id).await.unwrap();
    }
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().text, TEXT);
    // the end of the first one is in the log of its parent
    assert_eq!((world.count("search tides"), world.count("search moons")), (1, 2));
}
