//! Processes that are killed, and consumers that come back to the session.

use super::{
    consumer::{Consumer, shown},
    process::{PATIENT, Process, Said},
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

    /// Starts a process and has it open the session; gives its last entry.
    fn open(&self) -> (Process, Offset) {
        let mut process = Process::start(&self.file.path, PATIENT);
        let last = process.open(self.durability).offset;
        (process, last)
    }

    /// Lets a process go on and kills it while it does; gives what it said.
    fn run_and_kill(&mut self, mut process: Process) -> Vec<Said> {
        // in the one case it goes on with the step, in the other one with the run from its beginning
        let command = if self.dice.roll(4) > 0 { "resume 1000000" } else { "run 1000000" };
        process.tell(command);
        let lines = self.dice.roll(100);
        let mut said: Vec<_> = (0..lines).map(|_| process.hear().unwrap()).collect();
        said.extend(process.kill());
        said
    }

    /// Lets the run come to its end.
    fn finish(&self) {
        let (mut process, _) = self.open();
        process.tell("run 2");
        assert_eq!(process.hear_run().1, Said::Done);
    }

    /// The last entry.
    fn last(&self) -> Offset {
        Offset(block_on(self.log.info(&id())).unwrap().next.0 - 1)
    }
}

/// Kills processes again and again; the consumer sees them live, by the log, or not at all.
fn come_back(durability: &'static str, kills: usize) -> Consumer {
    let mut killing = Killing::new(durability);
    let mut consumer = Consumer::default();
    for kill in 0..kills {
        // one that comes back before anybody opened the session does not know yet what was lost
        let early = (kill > 0 && killing.dice.roll(2) == 0).then(|| consumer.follow(&killing.log));
        let (process, last) = killing.open();
        match (killing.dice.roll(4), early) {
            (0, _) => {
                killing.run_and_kill(process);
            }
            (1, Some(mut follow)) => {
                killing.run_and_kill(process);
                // it is told with the first entry of who took over, if that was not killed before
                killing.finish();
                consumer.catch_up(&killing.log, &mut follow, killing.last());
            }
            _ => {
                let mut follow = consumer.follow(&killing.log);
                consumer.catch_up(&killing.log, &mut follow, last);
                let said = killing.run_and_kill(process);
                for said in said {
                    consumer.hear(said);
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
    let consumer = come_back("commit", KILLS);
    assert!(consumer.rewound > 10, "it was rewound {} times", consumer.rewound);
}

#[test]
fn under_item_durability_a_consumer_is_never_rewound() {
    assert_eq!(come_back("item", KILLS / 2).rewound, 0);
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
