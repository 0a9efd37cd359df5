//! Sessions under random operations and faults of their log, compared with a simple reference implementation.
//!
//! `BURDOCK_MODEL_CASES` sets the number of cases, `BURDOCK_MODEL_SEED` the first seed.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::unwrap_used,
    clippy::panic,
    clippy::float_cmp,
    reason = "a test"
)]

mod consumer;
mod driving;
mod graph;
mod observed;
mod openings;
mod ops;
mod reference;
mod runs;
mod world;

use crate::{
    ops::{Dice, Op, shrink},
    world::{Verdict, World},
};
use burdock::log::{Durability, MemoryLog};
use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
};

fn number(variable: &str, otherwise: u64) -> u64 {
    env::var(variable).map_or(otherwise, |text| text.parse().unwrap())
}

fn run(ops: &[Op]) -> Verdict {
    let durability = match ops.first() {
        Some(Op::Durable(durability)) => *durability,
        _ => Durability::default(),
    };
    let mut world = World::new(MemoryLog::new(), durability)?;
    for (index, op) in ops.iter().enumerate() {
        world.step(op).map_err(|fault| format!("operation {index}: {fault}"))?;
    }
    world.finish().map_err(|fault| format!("at the end: {fault}"))
}

fn check(ops: &[Op]) -> Verdict {
    catch_unwind(AssertUnwindSafe(|| run(ops))).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text.unwrap_or_else(|| "a panic".into()))
    })
}

#[test]
fn a_session_always_matches_its_log() {
    let (cases, first) = (number("BURDOCK_MODEL_CASES", 60), number("BURDOCK_MODEL_SEED", 1));
    for seed in first..first + cases {
        let ops = Dice(seed).ops();
        let Err(fault) = check(&ops) else { continue };
        let few = shrink(ops, |ops| check(ops).is_err());
        let shrunk = check(&few).unwrap_err();
        panic!("case {seed}: {fault}\nwith fewer operations: {shrunk}\n{few:#?}");
    }
}
