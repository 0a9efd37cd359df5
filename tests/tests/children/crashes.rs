//! Crashes and retries of a step that runs children.

use super::*;
use std::future::IntoFuture;

#[tokio::test(start_paused = true)]
async fn each_event_may_be_the_last_one_before_a_crash() {
    for reopened in [true, false] {
        for count in 0.. {
            let case = format!("after {count} events, reopened: {reopened}");
            let (world, log) = (World::default(), memory());
            let mut app = open(&world, Some(&log)).await;
            let mut events = app.run(inputs(2)).events();
            let mut seen = 0;
            while seen < count && events.next().await.is_some() {
                seen += 1;
            }
            drop(events);
            if reopened {
                // another process
                drop(app);
                app = open(&world, Some(&log)).await;
            }
            let ended = ended_children(&log).await;
            let counts: Vec<_> =
                ended.iter().map(|question| world.count(&format!("search {question}"))).collect();
            continue_to_end(&mut app).await;
            assert_eq!(app.state().text, TEXT, "{case}");
            // finished children are not run again, and their items are still shown
            for (question, count) in ended.iter().zip(counts) {
                assert_eq!(world.count(&format!("search {question}")), count, "{case}");
            }
            assert_eq!(shown(&log, &ada()).await, all_items(), "{case}");
            assert_eq!(world.count("write"), 1, "{case}");
            if seen < count {
                assert!(count > 15);
                break;
            }
        }
    }
}

/// Returns the questions whose children have ended.
async fn ended_children(log: &Arc<dyn Log>) -> Vec<String> {
    let kinds = entries(log, &ada()).await;
    let ended = kinds.iter().filter_map(|kind| match kind {
        EntryKind::ChildEnded { key, .. } => Some(key.split_once('/').unwrap().1.to_owned()),
        _ => None,
    });
    ended.collect()
}

#[tokio::test(start_paused = true)]
async fn each_poll_may_be_the_last_one_before_a_crash() {
    for log in [None, Some(memory())] {
        for polls in 0.. {
            let log = log.as_ref().map(|_| memory());
            let world = World::default();
            let mut app = open(&world, log.as_ref()).await;
            let over = {
                let mut run = app.run(inputs(2)).into_future();
                let mut over = false;
                for _ in 0..polls {
                    over = over || futures::poll!(&mut run).is_ready();
                    // wakes the children that have yielded
                    tokio::task::yield_now().await;
                }
                over
            };
            continue_to_end(&mut app).await;
            assert_eq!(app.state().text, TEXT, "after {polls} polls");
            for question in QUESTIONS {
                // at most the step that was interrupted runs again
                let runs = world.count(&format!("search {question}"));
                assert!((1..=2).contains(&runs), "after {polls} polls: {runs}");
                let runs = runs + world.count(&format!("sum up {question}"));
                assert!((2..=3).contains(&runs), "after {polls} polls: {runs}");
            }
            if over {
                assert!(polls > 3);
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_retry_continues_the_child_that_failed_and_runs_no_other_again() {
    for log in [None, Some(memory())] {
        let world = World::default();
        world.fail("sum up moons", 2);
        let mut app = open(&world, log.as_ref()).await;
        let end = app.run(inputs(16)).await.unwrap();
        assert_eq!(end.state().text, TEXT);
        for question in QUESTIONS {
            assert_eq!(world.count(&format!("search {question}")), 1, "{question}");
        }
        assert_eq!(world.count("sum up moons"), 3);
        if let Some(log) = log {
            assert_eq!(shown(&log, &ada()).await, all_items());
        }
    }
}

#[tokio::test]
async fn a_run_that_is_leaked_loses_no_child() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    let mut run = app.run(inputs(1));
    for _ in 0..4 {
        run.next().await.unwrap().unwrap();
    }
    std::mem::forget(run);
    continue_to_end(&mut app).await;
    assert_eq!(app.state().text, TEXT);
    assert_eq!(world.count("search tides"), 1);
}
