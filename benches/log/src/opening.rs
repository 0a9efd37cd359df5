//! Opening a session of a hundred thousand steps.

use crate::{
    REPETITIONS,
    file::File,
    median,
    programs::{
        CountingInputs, RememberingInputs, TalkingInputs, counting, remembering, run, talking,
    },
    timed,
};
use burdock::log::{Durability, MemoryLog};
use burdock_sqlite::{SqliteLog, Synchronous};
use std::time::Duration;

const STEPS: u64 = 100_000;

/// A program: its name, how to run it a number of times, and how to open its session.
struct Program {
    name: &'static str,
    fill: fn(Store),
    open: fn(Store),
}

/// A log of either kind.
#[derive(Clone)]
enum Store {
    Memory(MemoryLog),
    Sqlite(SqliteLog),
}

macro_rules! with {
    ($store:ident, $log:ident => $work:expr) => {
        match $store {
            Store::Memory($log) => $work,
            Store::Sqlite($log) => $work,
        }
    };
}

const PROGRAMS: [Program; 3] = [
    Program {
        name: "a counter",
        fill: |store| {
            with!(store, log => run(
                &mut counting(log, Durability::Batch(Duration::from_millis(20)), STEPS),
                CountingInputs {},
            ));
        },
        open: |store| with!(store, log => drop(counting(log, Durability::Commit, STEPS))),
    },
    Program {
        name: "a chat of its last 100 to 200 messages",
        fill: |store| {
            let mut app = with!(store, log => remembering(log));
            for _ in (0..STEPS).step_by(1_000) {
                run(&mut app, RememberingInputs {});
            }
        },
        open: |store| with!(store, log => drop(remembering(log))),
    },
    Program {
        name: "a chat whose 20 MB are its state",
        fill: |store| {
            let mut app = with!(store, log => talking(log));
            for _ in (0..STEPS).step_by(1_000) {
                run(&mut app, TalkingInputs {});
            }
        },
        open: |store| {
            let app = with!(store, log => talking(log));
            assert_eq!(app.state().messages.len() as u64, STEPS);
        },
    },
];

pub fn measure() {
    println!("\nopening a session of 100 000 steps, ms {:>8} {:>14}", "memory", "SQLite, a file");
    for Program { name, fill, open } in PROGRAMS {
        let (memory, file) = (MemoryLog::new(), File::new(Synchronous::Normal));
        fill(Store::Memory(memory.clone()));
        fill(Store::Sqlite(file.open()));
        let (mut in_memory, mut on_sqlite) = (Vec::new(), Vec::new());
        for _ in 0..REPETITIONS {
            let time = timed(|| open(Store::Memory(memory.clone())));
            in_memory.push(time.as_secs_f64() * 1e3);
            // from the file, as in a new process
            let mut log = None;
            let time = timed(|| open(Store::Sqlite(log.insert(file.open()).clone())));
            on_sqlite.push(time.as_secs_f64() * 1e3);
        }
        println!("{name:<38} {:>8.2} {:>14.2}", median(in_memory), median(on_sqlite));
    }
}

/// Opens the chat that keeps everything repeatedly, from memory.
pub fn profile(times: u64) {
    let memory = Store::Memory(MemoryLog::new());
    let [.., Program { fill, open, .. }] = PROGRAMS;
    fill(memory.clone());
    let time = timed(|| (0..times).for_each(|_| open(memory.clone())));
    println!("{:.2} ms", crate::each(time, times) / 1e6);
}
