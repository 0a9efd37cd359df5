//! Many children, large children, slow consumers, threads and deep recursion.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use super::*;
use burdock::{RunErrorKind, log::Durability};
use burdock_sqlite::SqliteLog;
use std::{
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

/// The progress of all children of a test.
#[derive(Clone, Debug, Default)]
pub struct Counts {
    starts: Arc<AtomicUsize>,
    items: Arc<AtomicUsize>,
    /// The number of children that work at the same time, and its maximum.
    active: Arc<Mutex<(usize, usize)>>,
}

impl Counts {
    fn starts(&self) -> usize {
        self.starts.load(Ordering::Relaxed)
    }

    fn items(&self) -> usize {
        self.items.load(Ordering::Relaxed)
    }

    fn enter(&self) {
        let mut active = self.active.lock().unwrap();
        active.0 += 1;
        active.1 = active.1.max(active.0);
    }

    fn leave(&self) {
        self.active.lock().unwrap().0 -= 1;
    }

    fn most(&self) -> usize {
        self.active.lock().unwrap().1
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    blob: String,
}

/// Yields numbers, and writes a text of a size.
#[streaming_action(state = Piece, writes(blob), yields(u64))]
async fn produce(
    #[input] items: u64,
    #[input] size: usize,
    #[resource] counts: &Counts,
) -> Result<Writes> {
    counts.starts.fetch_add(1, Ordering::Relaxed);
    counts.enter();
    for item in 0..items {
        tokio::task::yield_now().await;
        yield_!(item);
        counts.items.fetch_add(1, Ordering::Relaxed);
    }
    tokio::task::yield_now().await;
    counts.leave();
    Ok(Writes { blob: "x".repeat(size) })
}

/// Has a step after the one with the items.
#[action(state = Piece, reads(blob), writes(blob))]
async fn check(piece: Reads<'_>) -> Result<Writes> {
    Ok(Writes { blob: piece.blob.clone() })
}

graph! {
    Producing(Piece) {
        inputs { items: u64, size: usize }
        resources { counts: Counts }
        yields u64;
        nodes { produce, check }
        start produce;
        produce -> check;
        check -> end;
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Sum {
    ended: usize,
    bytes: usize,
    items: usize,
}

#[streaming_action(state = Sum, writes(ended, bytes, items), yields(u64))]
async fn gather(
    #[input] children: usize,
    #[input] at_most: usize,
    #[input] items: u64,
    #[input] size: usize,
    #[graph] producing: Sub<'_, Producing>,
) -> Result<Writes> {
    let starts = (0..children).map(|key| (key.to_string(), ProducingInputs { items, size }));
    let mut runs = producing.each(starts).at_most(at_most);
    let mut seen = 0;
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { item, .. } = event? {
            seen += 1;
            yield_!(item);
        }
    }
    let bytes = runs.ends().map(|(_, end)| end.state().blob.len()).sum();
    Ok(Writes { ended: runs.ends().count(), bytes, items: seen })
}

graph! {
    Gathering(Sum) {
        inputs { children: usize, at_most: usize, items: u64, size: usize }
        resources { counts: Counts }
        yields u64;
        nodes {
            #[retry(Retry::times(1).first(Duration::ZERO).superseding())]
            gather,
        }
        start gather;
        gather -> end;
    }
}

async fn gathering(
    counts: &Counts,
    log: Option<&Arc<dyn Log>>,
    durability: Durability,
) -> App<Gathering> {
    let resources = GatheringResources { counts: counts.clone() };
    let app = Gathering::app().resources(resources).id("ada");
    match log {
        Some(log) => app.log(Arc::clone(log)).durability(durability).build().await.unwrap(),
        None => app.build().await.unwrap(),
    }
}

fn of(children: usize, at_most: usize, items: u64, size: usize) -> GatheringInputs {
    GatheringInputs { children, at_most, items, size }
}

#[tokio::test]
async fn ten_thousand_children_take_linear_time() {
    for (logged, at_most) in [(false, 16), (true, 16), (true, 10_000)] {
        let mut times = Vec::new();
        for children in [1_000, 10_000] {
            let log = logged.then(memory);
            let counts = Counts::default();
            let mut app = gathering(&counts, log.as_ref(), Durability::Commit).await;
            let started = std::time::Instant::now();
            let end = app.run(of(children, at_most, 1, 10)).await.unwrap();
            times.push(started.elapsed());
            assert_eq!((end.state().ended, end.state().items), (children, children));
            assert_eq!(counts.starts(), children);
            assert!(counts.most() <= at_most);
        }
        // ten times as many; a quadratic cost would be a factor of 100
        assert!(times[1] < 40 * times[0], "logged: {logged}, at most {at_most}: {times:?}");
    }
}

#[tokio::test]
async fn a_child_with_many_items_is_continued_without_repeating_its_step() {
    const ITEMS: u64 = 100_000;
    let (log, counts) = (memory(), Counts::default());
    let mut app = gathering(&counts, Some(&log), Durability::Commit).await;
    let mut run = app.run(of(2, 1, ITEMS, 0));
    for _ in 0..=ITEMS {
        run.next().await.unwrap().unwrap();
    }
    // the first child has ended
    drop(run);
    assert!(counts.starts() <= 2);
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().items, 200_000);
    assert!((2..=3).contains(&counts.starts()));
}

#[tokio::test]
async fn children_wait_for_a_slow_consumer() {
    for log in [None, Some(memory())] {
        let counts = Counts::default();
        let mut app = gathering(&counts, log.as_ref(), Durability::Commit).await;
        let mut run = app.run(of(8, 4, 1_000, 0));
        for taken in 1..=200 {
            run.next().await.unwrap().unwrap();
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            // at most one item of each child is on its way
            assert!(counts.items() <= taken + 4, "{} of {taken}", counts.items());
        }
        assert_eq!(counts.most(), 4);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn parents_on_several_threads_share_a_log() {
    let log = memory();
    let runs = (0..16).map(|number| {
        let log = Arc::clone(&log);
        tokio::spawn(async move {
            let resources = GatheringResources { counts: Counts::default() };
            let app = Gathering::app().resources(resources).id(format!("ada {number}"));
            let mut app = app.log(log).build().await.unwrap();
            app.run(of(50, 1 + number, 20, 100)).await.unwrap().state().clone()
        })
    });
    for state in futures::future::join_all(runs).await {
        let state = state.unwrap();
        assert_eq!((state.ended, state.items, state.bytes), (50, 1_000, 5_000));
    }
}

#[tokio::test]
async fn each_durability_survives_a_drop_after_any_number_of_items() {
    let folder = tempfile::tempdir().unwrap();
    for durability in [
        Durability::Commit,
        Durability::Item,
        Durability::Batch(Duration::from_millis(1)),
        Durability::Batch(Duration::from_hours(1)),
    ] {
        for taken in (0..40).step_by(13) {
            let file = folder.path().join(format!("{durability:?} {taken}"));
            let log: Arc<dyn Log> = Arc::new(SqliteLog::open(file).await.unwrap());
            let counts = Counts::default();
            let mut app = gathering(&counts, Some(&log), durability).await;
            let mut run = app.run(of(4, 2, 10, 5));
            let case = format!("{durability:?}, {taken} items");
            for _ in 0..taken {
                let item = run.next().await.unwrap();
                item.unwrap_or_else(|error| panic!("{case}: {error:?}"));
            }
            drop(run);
            drop(app);
            let mut app = gathering(&counts, Some(&log), durability).await;
            let end = match app.position() {
                Position::Rest(_) => app.run(of(4, 2, 10, 5)).await,
                _ => app.resume().await,
            };
            let end = end.unwrap_or_else(|error| panic!("{case}: {error:?}"));
            assert_eq!((end.state().ended, end.state().items), (4, 40), "{case}");
            assert!(counts.starts() <= 4 + 2, "{case}: {}", counts.starts());
        }
    }
}

#[tokio::test]
async fn a_state_of_ten_megabytes_is_the_end_of_a_child() {
    const SIZE: usize = 10_000_000;
    for log in [None, Some(memory())] {
        let counts = Counts::default();
        let mut app = gathering(&counts, log.as_ref(), Durability::Commit).await;
        let end = app.run(of(3, 2, 1, SIZE)).await.unwrap();
        assert_eq!((end.state().ended, end.state().bytes), (3, 3 * SIZE));
    }
}

#[tokio::test]
async fn a_state_of_ten_megabytes_is_resumed() {
    const SIZE: usize = 10_000_000;
    let (log, counts) = (memory(), Counts::default());
    let mut app = gathering(&counts, Some(&log), Durability::Commit).await;
    let mut run = app.run(of(2, 1, 2, SIZE));
    for _ in 0..3 {
        run.next().await.unwrap().unwrap();
    }
    drop(run);
    drop(app);
    let mut app = gathering(&counts, Some(&log), Durability::Commit).await;
    let end = app.resume().await.unwrap();
    assert_eq!((end.state().bytes, counts.starts()), (2 * SIZE, 3));
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Depth {
    depth: usize,
}

#[streaming_action(state = Depth, writes(depth), yields(usize))]
async fn descend(#[input] left: usize, #[graph] down: Sub<'_, Descending, 1000>) -> Result<Writes> {
    if left == 0 {
        yield_!(0);
        return Ok(Writes { depth: 0 });
    }
    let mut run = down.run("down", DescendingInputs { left: left - 1 });
    while let Some(item) = run.next().await {
        yield_!(item? + 1);
    }
    Ok(Writes { depth: run.finish().await?.state().depth + 1 })
}

graph! {
    Descending(Depth) {
        inputs { left: usize }
        yields usize;
        nodes { descend }
        start descend;
        descend -> end;
    }
}

#[tokio::test]
async fn deep_recursion_ends_with_a_result_or_an_error() {
    for log in [None, Some(memory())] {
        for left in [10, 20] {
            let app = Descending::app().id("ada");
            let mut app = match &log {
                Some(_) => app.log(memory()).build().await.unwrap(),
                None => app.build().await.unwrap(),
            };
            let mut run = app.run(DescendingInputs { left });
            let item = run.next().await.unwrap();
            match (item, run.finish().await) {
                (Ok(item), Ok(end)) => assert_eq!((item, end.state().depth), (left, left)),
                (_, Err(error)) => {
                    eprintln!("{left}: {error}");
                    let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error:?}") };
                    assert!(left >= 40, "{failure:?}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[tokio::test]
async fn a_child_has_three_entries_and_two_for_each_step_and_its_parent_two() {
    let (log, counts) = (memory(), Counts::default());
    let mut app = gathering(&counts, Some(&log), Durability::Commit).await;
    app.run(of(1, 1, 0, 1)).await.unwrap();
    let parent = entries(&log, &ada()).await;
    let session = parent.iter().find_map(|kind| match kind {
        EntryKind::ChildStarted { session, .. } => Some(session.clone()),
        _ => None,
    });
    let child = entries(&log, &session.unwrap()).await;
    let names = |kinds: &[EntryKind]| kinds.iter().map(EntryKind::name).collect::<Vec<_>>();
    let expected = [
        "session_created",
        "run_started",
        "step_started",
        "step_committed",
        "step_started",
        "step_committed",
        "run_ended",
    ];
    assert_eq!(names(&child), expected);
    let own = parent.iter().filter(|kind| kind.name().starts_with("child"));
    assert_eq!(own.count(), 2);
}
