//! Runs that are dropped, and processes that end, between and within transactions.

use super::{DURABILITIES, Failures, File, Paying, PayingInputs, assert_paid_once, open};
use burdock::{App, Position};

/// Runs or resumes an app until it rests after its first run.
async fn continue_to_rest(app: &mut App<Paying>) {
    match app.position() {
        Position::Unfinished(_) => drop(app.resume().await.unwrap()),
        Position::Rest(_) if app.state().receipts.is_empty() => {
            // the start of the dropped run may have been stored
            if app.run(PayingInputs {}).await.is_err() {
                app.resume().await.unwrap();
            }
        }
        Position::Rest(_) | Position::Ended => {}
    }
}

#[tokio::test]
async fn each_event_may_be_the_last_one_before_a_crash() {
    for reopened in [true, false] {
        for count in 0.. {
            let case = format!("after {count} events, reopened: {reopened}");
            let file = File::new();
            let (mut log, failures) = (file.log().await, Failures::default());
            let mut app = open(&log, &failures, DURABILITIES[count % 3]).await;
            let mut events = app.run(PayingInputs {}).events();
            let mut seen = 0;
            while seen < count && events.next().await.is_some() {
                seen += 1;
            }
            drop(events);
            if reopened {
                // another process
                drop(app);
                log.close().await;
                log = file.log().await;
                app = open(&log, &failures, DURABILITIES[count % 3]).await;
            }
            continue_to_rest(&mut app).await;
            app.flush().await.unwrap();
            assert_paid_once(&app, &file, &log, &case).await;
            if seen < count {
                assert!(count > 6);
                break;
            }
        }
    }
}

#[tokio::test]
async fn each_poll_may_be_the_last_one_before_a_crash() {
    for reopened in [true, false] {
        for polls in 0.. {
            let case = format!("after {polls} polls, reopened: {reopened}");
            let file = File::new();
            let (mut log, failures) = (file.log().await, Failures::default());
            let durability = DURABILITIES[polls % 3];
            let mut app = open(&log, &failures, durability).await;
            let over = {
                let mut run = app.run(PayingInputs {}).into_future();
                let mut over = false;
                for _ in 0..polls {
                    if futures::poll!(&mut run).is_ready() {
                        over = true;
                        break;
                    }
                    // a poll may be in the middle of a transaction, or after it
                    if polls % 2 == 0 {
                        std::thread::yield_now();
                    } else {
                        tokio::task::yield_now().await;
                    }
                }
                over
            };
            if reopened {
                drop(app);
                // the old handle may still have a transaction in progress
                log = file.log().await;
                app = open(&log, &failures, durability).await;
            }
            continue_to_rest(&mut app).await;
            app.flush().await.unwrap();
            assert_paid_once(&app, &file, &log, &case).await;
            if over || polls > 400 {
                break;
            }
        }
    }
}
