//! Random operations on a session, and the reduction of a failing list of operations.

use crate::graph::{Act, BookNode};
use burdock::log::Durability;
use burdock_tests::faulty::{Call, Fate};
use std::time::Duration;

#[derive(Clone, Debug)]
pub enum Op {
    /// Sets the instructions for the next calls of actions.
    Script(Vec<Vec<Act>>),
    /// Sets the results of the next appends.
    Fates(Vec<Fate>),
    Fail(Call),
    Hang(Call),
    Run(u8, Drive),
    Resume(Drive),
    Restart(u8, Drive),
    Reopen,
    /// Closes the app and opens the session again.
    Close,
    /// The process dies; this many of the waiting appends are stored.
    Crash(usize),
    /// Another process opens the session, and then the first writer tries to continue.
    Fence,
    /// Forks the session at an offset, and optionally continues in the fork.
    Fork(u64, Switch),
    At(u64),
    Durable(Durability),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Switch {
    Stay,
    Go,
}

/// How a run is polled.
#[derive(Clone, Debug)]
pub struct Drive {
    pub watch: Watch,
    /// The number of polls before the exit.
    pub polls: u32,
    pub exit: Exit,
    pub before: Option<BookNode>,
    pub after: Option<BookNode>,
    /// Whether time passes or the log stores an append while the run is pending.
    pub waits_for: WaitsFor,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watch {
    Items,
    Events,
    Steps,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Drop,
    Stop,
    Crash(usize),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitsFor {
    Log,
    Time,
    /// Time passes, and now and then the log stores an append.
    Both,
}

/// Knuth's linear congruential generator.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }

    fn few(&mut self, sides: u64) -> usize {
        usize::try_from(self.roll(sides)).unwrap()
    }

    fn pick<T: Clone>(&mut self, from: &[T]) -> T {
        from[self.few(from.len() as u64)].clone()
    }

    fn list<T>(&mut self, sides: u64, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        (0..self.roll(sides)).map(|_| make(self)).collect()
    }

    pub fn ops(&mut self) -> Vec<Op> {
        let mut ops = vec![Op::Durable(self.durability())];
        ops.extend((0..20).map(|_| self.op()));
        ops
    }

    fn op(&mut self) -> Op {
        match self.roll(34) {
            0..6 => Op::Script(self.list(5, |dice| dice.list(4, Self::act))),
            6..10 => Op::Fates(self.list(7, Self::fate)),
            10 => Op::Fail(self.pick(&[Call::Open, Call::Read, Call::Info])),
            11 => Op::Hang(self.pick(&[Call::Open, Call::Read, Call::Info])),
            12..18 => Op::Run(self.text(), self.drive()),
            18..22 => Op::Resume(self.drive()),
            22..24 => Op::Restart(self.text(), self.drive()),
            24 | 25 => Op::Reopen,
            26 => Op::Close,
            27 | 28 => Op::Crash(self.few(4)),
            29 => Op::Fence,
            30 | 31 => Op::Fork(self.roll(200), self.pick(&[Switch::Stay, Switch::Go])),
            32 => Op::At(self.roll(200)),
            _ => Op::Durable(self.durability()),
        }
    }

    fn text(&mut self) -> u8 {
        u8::try_from(self.roll(4)).unwrap()
    }

    fn durability(&mut self) -> Durability {
        let batch = Durability::Batch(Duration::from_millis(100));
        self.pick(&[Durability::Commit, Durability::Item, batch])
    }

    fn act(&mut self) -> Act {
        match self.roll(24) {
            16..19 => Act::Call,
            19 => Act::SlowCall,
            20..23 => Act::Child,
            23 => Act::Children,
            0..8 => Act::Item,
            8 => Act::BadItem,
            9 | 10 => Act::Fail,
            11 => Act::FailTerminally,
            12 => Act::Panic,
            13 => Act::Sleep(u8::try_from(self.roll(5)).unwrap()),
            14 => Act::Hang,
            _ => Act::AwaitStop,
        }
    }

    fn fate(&mut self) -> Fate {
        match self.roll(9) {
            0..3 => Fate::Stored,
            3..6 => Fate::Held,
            6 => Fate::Refused,
            7 => Fate::StoredAndFailed,
            _ => Fate::StoredUnanswered,
        }
    }

    fn drive(&mut self) -> Drive {
        let nodes = [None, None, None, Some(BookNode::answer), Some(BookNode::judge)];
        Drive {
            watch: self.pick(&[Watch::Items, Watch::Events, Watch::Steps]),
            polls: u32::try_from(if self.roll(3) == 0 { self.roll(15) } else { 100 }).unwrap(),
            exit: match self.roll(6) {
                0..3 => Exit::Drop,
                3 => Exit::Stop,
                _ => Exit::Crash(self.few(4)),
            },
            before: self.pick(&nodes),
            after: self.pick(&nodes),
            waits_for: self.pick(&[WaitsFor::Log, WaitsFor::Time, WaitsFor::Both]),
        }
    }
}

/// Removes operations while the rest still fails.
pub fn shrink(mut ops: Vec<Op>, fails: impl Fn(&[Op]) -> bool) -> Vec<Op> {
    let mut chunk = ops.len() / 2;
    while chunk > 0 {
        let mut at = 0;
        while at < ops.len() {
            let mut fewer = ops.clone();
            fewer.drain(at..(at + chunk).min(ops.len()));
            if fails(&fewer) {
                ops = fewer;
            } else {
                at += chunk;
            }
        }
        chunk /= 2;
    }
    ops
}
