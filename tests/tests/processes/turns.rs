//! Two processes that take a session from each other.

use super::{
    process::{PATIENT, Process, Said},
    witness::{Dice, File, Witness},
};
use std::mem;

const ROUNDS: usize = 1000;

struct Two {
    /// The one that opened the session last, and the other one.
    writer: Process,
    other: Process,
    witness: Witness,
    dice: Dice,
}

impl Two {
    fn swap(&mut self) {
        mem::swap(&mut self.writer, &mut self.other);
    }

    fn durability(&mut self) -> &'static str {
        if self.dice.roll(4) == 0 { "item" } else { "commit" }
    }

    /// Another process writes, then opens the session again while this one has it.
    fn by_turns(&mut self) {
        let durability = self.durability();
        self.other.open(durability);
        self.swap();
        self.writer.tell("run 2");
        self.writer_is_done();
        self.other.tell("run 2");
        self.other_is_fenced();
    }

    /// Both open the session at once, and both write at once.
    fn at_once(&mut self) {
        for process in [&mut self.writer, &mut self.other] {
            process.tell("open commit");
        }
        let mut opened = || {
            let [writer, other] = [&mut self.writer, &mut self.other].map(|process| {
                let Some(Said::Opened(cursor)) = process.hear() else { panic!("not opened") };
                cursor.epoch
            });
            assert_ne!(writer, other);
            writer > other
        };
        if !opened() {
            self.swap();
        }
        for process in [&mut self.writer, &mut self.other] {
            process.tell("run 2");
        }
        self.other_is_fenced();
        self.writer_is_done();
    }

    /// The other process opens the session and writes while this one does.
    fn in_the_middle(&mut self) {
        let durability = self.durability();
        self.other.tell(&format!("open {durability}"));
        self.writer.tell("run 20");
        let mut said = Vec::new();
        for _ in 0..self.dice.roll(40) {
            said.extend(self.writer.hear());
            if matches!(said.last(), Some(Said::Done | Said::Fenced)) {
                break;
            }
        }
        self.other.tell("run 2");
        if !matches!(said.last(), Some(Said::Done | Said::Fenced)) {
            let (rest, end) = self.writer.hear_run();
            said.extend(rest);
            said.push(end);
        }
        self.witness.heard(&said);
        let Some(Said::Opened(_)) = self.other.hear() else { panic!("not opened") };
        self.swap();
        self.writer_is_done();
        self.other.tell("run 2");
        self.other_is_fenced();
    }

    fn writer_is_done(&mut self) {
        let (said, end) = self.writer.hear_run();
        assert_eq!(end, Said::Done, "the later opener writes");
        self.witness.heard(&said);
    }

    fn other_is_fenced(&mut self) {
        let (said, end) = self.other.hear_run();
        assert_eq!(end, Said::Fenced, "the earlier opener is fenced off");
        self.witness.heard(&said);
    }
}

#[test]
fn the_last_opener_writes_and_no_step_is_lost_or_repeated() {
    let file = File::new();
    let [mut writer, other] = [(); 2].map(|()| Process::start(&file.path, PATIENT));
    writer.open("commit");
    let mut two = Two { writer, other, witness: Witness::default(), dice: Dice(1) };
    for _ in 0..ROUNDS {
        match two.dice.roll(3) {
            0 => two.by_turns(),
            1 => two.at_once(),
            _ => two.in_the_middle(),
        }
    }
    two.witness.agrees_with(&file.log());
}
