//! A writer that is frozen while another process takes over.

use super::{
    process::{Output, Process},
    witness::{Dice, File, Witness},
};
use std::mem;

const FREEZES: usize = 60;

/// The milliseconds that a process waits for a lock. A process that is frozen inside a transaction keeps the
/// file locked, so the other one has to give up.
const BUSY_TIMEOUT: u32 = 50;

#[test]
fn a_frozen_writer_that_wakes_up_after_a_takeover_commits_nothing() {
    let file = File::new();
    let mut writer = Process::start(&file.path, BUSY_TIMEOUT);
    writer.open("commit");
    let mut other = Process::start(&file.path, BUSY_TIMEOUT);
    let (mut witness, mut dice) = (Witness::default(), Dice(2));
    for _ in 0..FREEZES {
        let durability = if dice.roll(2) == 0 { "item" } else { "commit" };
        writer.open(durability);
        writer.send("run 1000000");
        let mut output: Vec<_> = (0..dice.roll(40)).map(|_| writer.read().unwrap()).collect();
        writer.signal("-STOP");
        while other.try_open("commit").is_none() {
            writer.signal("-CONT");
            output.extend((0..dice.roll(40)).map(|_| writer.read().unwrap()));
            writer.signal("-STOP");
        }
        if dice.roll(2) == 0 {
            other.send("run 2");
            let (other_output, end) = other.read_run();
            assert_eq!(end, Output::Done);
            witness.record(&other_output);
        }
        writer.signal("-CONT");
        let (rest, end) = writer.read_run();
        assert_eq!(end, Output::Fenced, "the frozen writer is fenced");
        output.extend(rest);
        witness.record(&output);
        mem::swap(&mut writer, &mut other);
    }
    // this also checks that no entry of a frozen writer follows one of its successor
    witness.assert_agrees_with(&file.log());
}
