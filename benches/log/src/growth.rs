//! Bytes and time per step of a chat that grows to a hundred thousand steps.

use crate::{
    each,
    file::File,
    median,
    programs::{TalkingInputs, run, talking},
    timed,
};
use burdock::{
    App,
    log::{Log, MemoryLog, Offset, SessionId},
};
use burdock_sqlite::Synchronous;
use futures::executor::block_on;
use std::{fs, sync::Arc};

/// The ends of the measured ranges, in steps.
const ENDS: [u64; 3] = [1_000, 10_000, 100_000];

pub fn measure() {
    let file = File::new(Synchronous::Normal);
    grow("SQLite, synchronous = NORMAL", &(Arc::new(file.open()) as Arc<dyn Log>));
    grow("memory", &(Arc::new(MemoryLog::new()) as Arc<dyn Log>));
}

fn grow(what: &str, log: &Arc<dyn Log>) {
    println!("\na chat that appends 200 bytes each step, {what}");
    println!(
        "{:<16} {:>10} {:>10} {:>16} {:>16} {:>20}",
        "steps", "µs per step", "median", "entries, bytes", "written, bytes", "slowest 1 000, ms"
    );
    let mut app = talking(Arc::clone(log));
    let (mut start, mut offset) = (0, Offset::ZERO);
    for end in ENDS {
        let mut times = Vec::new();
        let written = written();
        for _ in (start..end).step_by(1_000) {
            times.push(timed(|| run(&mut app, TalkingInputs {})));
        }
        let written = self::written().saturating_sub(written);
        let steps = end - start;
        let to = cursor(&app);
        println!(
            "{:<16} {:>10.2} {:>10.2} {:>16} {:>16} {:>20.1}",
            format!("{start} to {end}"),
            each(times.iter().sum(), steps) / 1e3,
            median(times.iter().map(|time| each(*time, 1_000) / 1e3).collect()),
            entries(&**log, offset, to) / steps,
            written / steps,
            times.iter().max().unwrap().as_secs_f64() * 1e3,
        );
        (start, offset) = (end, to);
    }
}

fn cursor<G: burdock::Graph>(app: &App<G>) -> Offset {
    app.cursor().unwrap().offset.plus(1)
}

/// Returns the total size of the entries in bytes.
fn entries(log: &dyn Log, from: Offset, end: Offset) -> u64 {
    let id = SessionId::new("chat").unwrap();
    let (mut next, mut bytes) = (from, 0);
    while next < end {
        let records = block_on(log.read(&id, next, 1_000)).unwrap();
        bytes += records.iter().map(|record| record.json.len() as u64).sum::<u64>();
        next = next.plus(records.len() as u64);
    }
    bytes
}

/// Returns the number of bytes written by this process so far, if the system counts them.
fn written() -> u64 {
    let counts = fs::read_to_string("/proc/self/io").unwrap_or_default();
    let count = counts.lines().find_map(|line| line.strip_prefix("wchar: "));
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}
