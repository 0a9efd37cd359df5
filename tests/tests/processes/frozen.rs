//! A writer that is frozen while another process takes over.

use super::{
    process::{Process, Said},
    witness::{Dice, File, Witness},
};
use std::mem;

const FREEZES: usize = 60;

/// A process that is frozen inside of a transaction keeps the file locked, which nobody can change:
/// the other one says so after these milliseconds.
const PATIENCE: u32 = 50;

#[test]
fn a_frozen_writer_that_wakes_up_after_a_takeover_commits_nothing() {
    let file = File::new();
    let mut writer = Process::start(&file.path, PATIENCE);
    writer.open("commit");
    let mut other = Process::start(&file.path, PATIENCE);
    let (mut witness, mut dice) = (Witness::default(), Dice(2));
    for _ in 0..FREEZES {
        let durability = if dice.roll(2) == 0 { "item" } else { "commit" };
        writer.open(durability);
        writer.tell("run 1000000");
        let mut said: Vec<_> = (0..dice.roll(40)).map(|_| writer.hear().unwrap()).collect();
        writer.signal("-STOP");
        while other.try_open("commit").is_none() {
            writer.signal("-CONT");
            said.extend((0..dice.roll(40)).map(|_| writer.hear().unwrap()));
            writer.signal("-STOP");
        }
        if dice.roll(2) == 0 {
            other.tell("run 2");
            let (said, end) = other.hear_run();
            assert_eq!(end, Said::Done);
            witness.heard(&said);
        }
        writer.signal("-CONT");
        let (rest, end) = writer.hear_run();
        assert_eq!(end, Said::Fenced, "the frozen writer is fenced");
        said.extend(rest);
        witness.heard(&said);
        mem::swap(&mut writer, &mut other);
    }
    // also that no entry of a frozen writer stands behind one of its successor
    witness.agrees_with(&file.log());
}
