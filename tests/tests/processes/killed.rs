//! Processes that are killed, and consumers that reconnect to the session.

use super::{
    consumer::{Consumer, shown},
    process::{LONG_TIMEOUT, Output, Process},
    witness::{Dice, File, id, kind, lines, records},
};
use burdock::log::{EntryKind, Log, Offset, tail};
use futures::executor::block_on;
use std::{sync::Arc, thread};

const KILLS: usize = 120;

/// A session whose processes are killed one after the other.
struct Killing {
    file: File,
    log: Arc<dyn Log>,
    durability: &'static str,
    dice: Dice,
}

impl Killing {
    fn new(durability: &'static str) -> Self {
        let file = File::new();
        let log = file.log();
        Self { file, log, durability, dice: Dice(3) }
    }

    /// Starts a process that opens the session. Returns the process and the last entry.
    fn open(&self) -> (Process, Offset) {
        let mut process = Process::start(&self.file.path, LONG_TIMEOUT);
        let last = process.open(self.durability).offset;
        (process, last)
    }

    /// Kills a process while it runs. Returns its output.
    fn run_and_kill(&mut self, mut process: Process) -> Vec<Output> {
        // an unfinished run is resumed at its step, or restarted
        let command = if self.dice.roll(4) > 0 { "resume 1000000" } else { "run 1000000" };
        process.send(command);
        let lines = self.dice.roll(100);
        let mut output: Vec<_> = (0..lines).map(|_| process.read().unwrap()).collect();
        output.extend(process.kill());
        output
    }

    /// Runs the session to its next pause.
    fn finish(&self) {
        let (mut process, _) = self.open();
        process.send("run 2");
        assert_eq!(process.read_run().1, Output::Done);
    }

    /// The last entry.
    fn last(&self) -> Offset {
        Offset(block_on(self.log.info(&id())).unwrap().next.0 - 1)
    }
}

/// Kills processes repeatedly. The consumer follows each one live, through the log, or not at all.
fn kill_and_reconnect(durability: &'static str, kills: usize) -> Consumer {
    let mut killing = Killing::new(durability);
    let mut consumer = Consumer::default();
    for kill in 0..kills {
        // a consumer that reconnects before the session is opened does not know yet what was lost
        let early = (kill > 0 && killing.dice.roll(2) == 0).then(|| consumer.follow(&killing.log));
        let (process, last) = killing.open();
        match (killing.dice.roll(4), early) {
            (0, _) => {
                killing.run_and_kill(process);
            }
            (1, Some(mut follow)) => {
                killing.run_and_kill(process);
                // the rewind is reported with the first entry of the next writer that was not killed before it
                killing.finish();
                consumer.catch_up(&killing.log, &mut follow, killing.last());
            }
            _ => {
                let mut follow = consumer.follow(&killing.log);
                consumer.catch_up(&killing.log, &mut follow, last);
                let output = killing.run_and_kill(process);
                for output in output {
                    consumer.receive(output);
                }
            }
        }
    }
    killing.finish();
    let mut follow = consumer.follow(&killing.log);
    let records = records(&killing.log);
    consumer.catch_up(&killing.log, &mut follow, Offset(records.len() as u64 - 1));
    let recorded: Vec<_> =
        records.iter().filter_map(|record| Some((record.cursor(), shown(record)?))).collect();
    assert_eq!(consumer.shown, recorded);
    let mut lines = lines(&killing.log);
    lines.retain(|line| !line.is_empty());
    assert_eq!(consumer.text(), lines.join(" "));
    consumer
}

#[test]
fn under_commit_durability_a_consumer_is_rewound_and_ends_with_the_text_of_the_log() {
    let consumer = kill_and_reconnect("commit", KILLS);
    assert!(consumer.rewound > 10, "it was rewound {} times", consumer.rewound);
}

#[test]
fn under_item_durability_a_consumer_is_never_rewound() {
    assert_eq!(kill_and_reconnect("item", KILLS / 2).rewound, 0);
}

#[test]
fn a_tail_in_another_process_misses_nothing_and_repeats_nothing() {
    let mut killing = Killing::new("commit");
    let (process, _) = killing.open();
    let own = killing.file.log();
    let tailing = thread::spawn(move || {
        let mut tail = tail(&own, &id(), Offset::ZERO);
        let mut seen = Vec::new();
        loop {
            let record = block_on(tail.next()).unwrap().unwrap();
            let paused = matches!(kind(&record), EntryKind::RunPaused { .. });
            seen.push(record);
            if paused {
                return seen;
            }
        }
    });
    killing.run_and_kill(process);
    for _ in 0..KILLS / 4 {
        let (process, _) = killing.open();
        killing.run_and_kill(process);
    }
    killing.finish();
    assert_eq!(tailing.join().unwrap(), records(&killing.log));
}
