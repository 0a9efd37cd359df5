//! Steps of a counter: in a file beside bare transactions of the same rows, and in memory.

use crate::{
    Candidate,
    file::{self, File, Row},
    programs::{CountingInputs, close, counting, run},
    timed,
};
use burdock::log::{Durability, MemoryLog};
use burdock_sqlite::Synchronous;
use rusqlite::Connection;
use std::{
    sync::mpsc::{Receiver, Sender, channel},
    thread,
    time::Duration,
};

/// `SQLite`'s default for the number of WAL pages at which it runs a checkpoint.
const DEFAULT: u32 = 1000;

pub fn compare() {
    beside_bare("a step on SQLite, synchronous = FULL", Synchronous::Full, 101, 50);
    beside_bare("a step on SQLite, synchronous = NORMAL", Synchronous::Normal, 101, 500);
    let burdock = Candidate { name: "burdock", count: 20_000, work: Box::new(in_memory) };
    crate::compare("a step in memory", 25, vec![burdock]);
}

/// Every candidate writes its own file, a few steps each time.
fn beside_bare(what: &str, synchronous: Synchronous, repetitions: usize, count: u64) {
    let files = [(); 4].map(|()| File::new(synchronous));
    let all = recorded(count * repetitions as u64);
    let hand = usize::try_from(count).unwrap();
    let bare = |file: &File, checkpoint| {
        let (mut hands, connection) = (all.chunks(hand), file.bare(checkpoint));
        Box::new(move |_| {
            let steps = hands.next().unwrap();
            timed(|| steps.iter().for_each(|rows| file::write(&connection, rows)))
        })
    };
    let (mut hands, thread) = (all.chunks(hand), Thread::new(files[2].bare(DEFAULT)));
    let on_another_thread = |_| {
        let steps = hands.next().unwrap().to_vec();
        timed(|| steps.into_iter().for_each(|rows| thread.write(rows)))
    };
    let mut app = counting(files[3].open(), Durability::Commit, count);
    let burdock = |_| timed(|| run(&mut app, CountingInputs {}));
    let candidates = vec![
        Candidate { name: "bare transaction", count, work: bare(&files[0], DEFAULT) },
        Candidate {
            name: "bare transaction, late checkpoints",
            count,
            work: bare(&files[1], 8 * DEFAULT),
        },
        Candidate {
            name: "bare transaction on another thread",
            count,
            work: Box::new(on_another_thread),
        },
        Candidate { name: "burdock", count, work: Box::new(burdock) },
    ];
    crate::compare(what, repetitions, candidates);
}

/// Runs one candidate alone.
pub fn profile(work: &str, count: u64) {
    let time = match work {
        "full" => on_sqlite(Synchronous::Full, count),
        "normal" => on_sqlite(Synchronous::Normal, count),
        "bare" => {
            let (steps, file) = (recorded(count), File::new(Synchronous::Normal));
            let connection = file.bare(DEFAULT);
            timed(|| steps.iter().for_each(|rows| file::write(&connection, rows)))
        }
        _ => in_memory(count),
    };
    println!("{:.3} µs", crate::each(time, count) / 1e3);
}

fn in_memory(steps: u64) -> Duration {
    let mut app = counting(MemoryLog::new(), Durability::Commit, steps);
    timed(|| run(&mut app, CountingInputs {}))
}

fn on_sqlite(synchronous: Synchronous, steps: u64) -> Duration {
    let file = File::new(synchronous);
    let mut app = counting(file.open(), Durability::Commit, steps);
    timed(|| run(&mut app, CountingInputs {}))
}

/// Returns the rows of the given number of steps.
fn recorded(steps: u64) -> Vec<Vec<Row>> {
    let file = File::new(Synchronous::Normal);
    let batch = Durability::Batch(Duration::from_millis(20));
    let mut app = counting(file.open(), batch, steps);
    run(&mut app, CountingInputs {});
    close(app);
    let transactions = file::transactions(&file.bare(DEFAULT));
    assert_eq!(transactions.len() as u64, steps);
    transactions
}

/// A writer thread, for a program whose other threads must not wait for a disk.
struct Thread {
    work: Sender<Vec<Row>>,
    written: Receiver<()>,
}

impl Thread {
    fn new(connection: Connection) -> Self {
        let (work, rows) = channel::<Vec<Row>>();
        let (done, written) = channel();
        thread::spawn(move || {
            for rows in rows {
                file::write(&connection, &rows);
                if done.send(()).is_err() {
                    break;
                }
            }
        });
        Self { work, written }
    }

    fn write(&self, rows: Vec<Row>) {
        self.work.send(rows).unwrap();
        self.written.recv().unwrap();
    }
}
