//! Two processes that take over a session from each other.

use super::{
    process::{LONG_TIMEOUT, Output, Process},
    witness::{Dice, File, Witness},
};
use std::mem;

const ROUNDS: usize = 1000;

struct Two {
    /// The process that opened the session last.
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

    /// The other process opens the session and writes. The former writer is fenced.
    fn one_after_the_other(&mut self) {
        let durability = self.durability();
        self.other.open(durability);
        self.swap();
        self.writer.send("run 2");
        self.assert_writer_done();
        self.other.send("run 2");
        self.assert_other_fenced();
    }

    /// Both processes open the session at the same time, and write at the same time.
    fn at_the_same_time(&mut self) {
        for process in [&mut self.writer, &mut self.other] {
            process.send("open commit");
        }
        let mut opened = || {
            let [writer, other] = [&mut self.writer, &mut self.other].map(|process| {
                let Some(Output::Opened(cursor)) = process.read() else { panic!("not opened") };
                cursor.epoch
            });
            assert_ne!(writer, other);
            writer > other
        };
        if !opened() {
            self.swap();
        }
        for process in [&mut self.writer, &mut self.other] {
            process.send("run 2");
        }
        self.assert_other_fenced();
        self.assert_writer_done();
    }

    /// The other process opens the session while the writer runs.
    fn during_a_run(&mut self) {
        let durability = self.durability();
        self.other.send(&format!("open {durability}"));
        self.writer.send("run 20");
        let mut output = Vec::new();
        for _ in 0..self.dice.roll(40) {
            output.extend(self.writer.read());
            if matches!(output.last(), Some(Output::Done | Output::Fenced)) {
                break;
            }
        }
        self.other.send("run 2");
        if !matches!(output.last(), Some(Output::Done | Output::Fenced)) {
            let (rest, end) = self.writer.read_run();
            output.extend(rest);
            output.push(end);
        }
        self.witness.record(&output);
        let Some(Output::Opened(_)) = self.other.read() else { panic!("not opened") };
        self.swap();
        self.assert_writer_done();
        self.other.send("run 2");
        self.assert_other_fenced();
    }

    fn assert_writer_done(&mut self) {
        let (output, end) = self.writer.read_run();
        assert_eq!(end, Output::Done, "the later opener writes");
        self.witness.record(&output);
    }

    fn assert_other_fenced(&mut self) {
        let (output, end) = self.other.read_run();
        assert_eq!(end, Output::Fenced, "the earlier opener is fenced");
        self.witness.record(&output);
    }
}

#[test]
fn the_last_opener_writes_and_no_step_is_lost_or_repeated() {
    let file = File::new();
    let [mut writer, other] = [(); 2].map(|()| Process::start(&file.path, LONG_TIMEOUT));
    writer.open("commit");
    let mut two = Two { writer, other, witness: Witness::default(), dice: Dice(1) };
    for _ in 0..ROUNDS {
        match two.dice.roll(3) {
            0 => two.one_after_the_other(),
            1 => two.at_the_same_time(),
            _ => two.during_a_run(),
        }
    }
    two.witness.assert_agrees_with(&file.log());
}
