//! What it costs to read each patch back before it is written, as a part of a durable step.

use crate::{
    each,
    file::File,
    median,
    programs::{Chat, Counter, CountingInputs, TalkingInputs, counting, run, talking},
    timed,
};
use burdock::{
    State,
    log::Durability,
    state::{Patch, Vector},
};
use burdock_sqlite::Synchronous;
use serde_json::Value;
use std::hint::black_box;

/// Steps in a run of [`Talking`](crate::programs::Talking), and so in one measurement.
const STEPS: u64 = 1_000;

const REPETITIONS: usize = 21;

pub fn measure() {
    println!(
        "\n{:<44} {:>10} {:>12} {:>8}",
        "reading back, in a step on SQLite, NORMAL", "ns", "step, ns", "%"
    );
    let file = File::new(Synchronous::Normal);
    let mut app = counting(file.open(), Durability::Commit, STEPS);
    report("a counter", (&Counter::default(), 0, Patch::Set(7.into())), || {
        run(&mut app, CountingInputs {});
    });
    let file = File::new(Synchronous::Normal);
    let mut app = talking(file.open());
    let message: Value = "x".repeat(200).into();
    let chat = Chat { said: 0, messages: Vector::new() };
    report(
        "a chat that appends 200 bytes",
        (&chat, 1, Patch::Append { keep: 100, tail: vec![message] }),
        || run(&mut app, TalkingInputs {}),
    );
}

/// Measures the check and whole steps in turn.
fn report<S: State>(
    what: &str,
    (state, field, patch): (&S, usize, Patch),
    mut steps: impl FnMut(),
) {
    let (mut checks, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let time = timed(|| {
            for _ in 0..STEPS {
                state.__check(black_box(field), black_box(&patch)).unwrap();
            }
        });
        checks.push(each(time, STEPS));
        whole.push(each(timed(&mut steps), STEPS));
    }
    let (check, step) = (median(checks), median(whole));
    println!("{what:<44} {check:>10.0} {step:>12.0} {:>8.2}", 100.0 * check / step);
}
