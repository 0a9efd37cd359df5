//! The cost of reading each patch back before it is written, relative to a durable step.

use crate::{
    each,
    file::File,
    median,
    programs::{Chat, Counter, CountingInputs, TalkingInputs, counting, run, talking},
    timed,
};
use burdock::{__private::Field, log::Durability, state::Patch};
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
    report("a counter", &Patch::Set(7.into()), <Counter as Field<0>>::check, || {
        run(&mut app, CountingInputs {});
    });
    let file = File::new(Synchronous::Normal);
    let mut app = talking(file.open());
    let message: Value = "x".repeat(200).into();
    report(
        "a chat that appends 200 bytes",
        &Patch::Append { keep: 100, tail: vec![message] },
        <Chat as Field<1>>::check,
        || run(&mut app, TalkingInputs {}),
    );
}

/// Measures the check and whole steps in turn.
fn report<E: std::fmt::Debug>(
    what: &str,
    patch: &Patch,
    check: fn(bool, &Patch) -> Result<(), E>,
    mut steps: impl FnMut(),
) {
    let (mut checks, mut whole) = (Vec::new(), Vec::new());
    for _ in 0..REPETITIONS {
        let time = timed(|| {
            for _ in 0..STEPS {
                check(true, black_box(patch)).unwrap();
            }
        });
        checks.push(each(time, STEPS));
        whole.push(each(timed(&mut steps), STEPS));
    }
    let (check, step) = (median(checks), median(whole));
    println!("{what:<44} {check:>10.0} {step:>12.0} {:>8.2}", 100.0 * check / step);
}
