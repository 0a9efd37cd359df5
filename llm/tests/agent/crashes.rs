//! Crashes: what was recorded is not done again.

use super::*;
use std::future::IntoFuture;

const EFFECTS: [&str; 3] = ["search tides", "order winds", "order tides"];

#[tokio::test(start_paused = true)]
async fn each_event_may_be_the_last_one_before_a_crash() {
    let (llm, world) = (llm(), World::default());
    let whole = open(&llm, &world, None).await.run(inputs()).await.unwrap().state().clone();
    for reopened in [true, false] {
        let mut most = 0;
        for count in 0.. {
            let case = format!("after {count} events, reopened: {reopened}");
            let (llm, world, log) = (self::llm(), World::default(), memory());
            let mut app = open(&llm, &world, Some(&log)).await;
            let mut events = app.run(inputs()).events();
            let mut seen = 0;
            while seen < count && events.next().await.is_some() {
                seen += 1;
            }
            drop(events);
            if reopened {
                drop(app);
                app = open(&llm, &world, Some(&log)).await;
            }
            let recorded = recorded(&log, &ada()).await;
            most = most.max(recorded.len());
            let counts: Vec<_> = recorded.iter().map(|effect| world.count(effect)).collect();
            continue_to_rest(&mut app).await;
            // also the usage: answers that were given twice count once
            assert_eq!(app.state().history, whole.history, "{case}");
            assert_eq!(app.state().usage.input_tokens, whole.usage.input_tokens, "{case}");
            for (effect, count) in recorded.iter().zip(counts) {
                assert_eq!(world.count(effect), count, "{case}: {effect}");
            }
            for effect in EFFECTS {
                assert!((1..=2).contains(&world.count(effect)), "{case}: {effect}");
            }
            for request in llm.requests() {
                assert_legal(&request.messages);
            }
            if seen < count {
                assert!(count > 20 && most == 3);
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_poll_may_be_the_last_one_before_a_crash() {
    for logged in [false, true] {
        for polls in 0.. {
            let case = format!("after {polls} polls, logged: {logged}");
            let (llm, world, log) = (llm(), World::default(), logged.then(memory));
            let mut app = open(&llm, &world, log.as_ref()).await;
            let mut run = app.run(inputs()).into_future();
            let mut over = false;
            for _ in 0..polls {
                over = over || futures::poll!(&mut run).is_ready();
                tokio::time::sleep(Duration::from_millis(101)).await;
            }
            drop(run);
            let recorded = match &log {
                Some(log) => recorded(log, &ada()).await,
                None => Vec::new(),
            };
            let counts: Vec<_> = recorded.iter().map(|effect| world.count(effect)).collect();
            continue_to_rest(&mut app).await;
            assert_eq!(app.state().answer(), "All about tides, and a book.", "{case}");
            assert_legal(&app.state().history);
            for (effect, count) in recorded.iter().zip(counts) {
                assert_eq!(world.count(effect), count, "{case}: {effect}");
            }
            for effect in EFFECTS {
                assert!((1..=2).contains(&world.count(effect)), "{case}: {effect}");
            }
            if over {
                assert!(polls > 10);
                break;
            }
        }
    }
}
