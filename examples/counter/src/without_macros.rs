//! The same action without its attribute: [`Action`] implemented by hand.
//!
//! `#[action]` is a convenience. An action is a type with three parts: what it
//! reads, what it writes, and an async fn from one to the other. State and graph are the same as in
//! the other file. Written by hand, [`INFO`](Action::INFO) is a promise that you have to keep; the
//! attribute proves it.

use crate::with_macros::Counter;
use burdock::{
    action::{ActionInfo, Attempt, UnsetSlot, Writes},
    prelude::*,
    state::set_of,
    stream::NoItems,
};
use std::{error::Error, mem};

/// Adds one.
struct Increment;

/// A new value for the field `count`.
struct NewCount(u64);

impl Action for Increment {
    type State = Counter;
    type Reads<'a> = u64;
    type Args<'a> = ();
    type Params = ();
    type Writes = NewCount;
    type Yields = NoItems;

    /// The name, and the fields: from these the graph proves that slots are written before they
    /// are read, and draws its picture.
    const INFO: ActionInfo = ActionInfo::new("increment")
        .docs("Adds one.")
        .reads(set_of(Counter::FIELDS, &["count"]))
        .writes(set_of(Counter::FIELDS, &["count"]));

    fn reads(counter: &Counter) -> Result<u64, UnsetSlot> {
        Ok(counter.count)
    }

    async fn run(attempt: Attempt<'_, Self>) -> Result<NewCount> {
        Ok(NewCount(attempt.reads + 1))
    }
}

/// Applies the value at a commit, and undoes it if the log rejects the commit.
impl Writes for NewCount {
    type State = Counter;
    type Undo = u64;

    fn apply(self, counter: &mut Counter) -> u64 {
        mem::replace(&mut counter.count, self.0)
    }

    fn undo(old: u64, counter: &mut Counter) {
        counter.count = old;
    }

    fn of(counter: &Counter) -> Self {
        NewCount(counter.count)
    }
}

graph! {
    /// Counts to ten.
    pub CountToTen(Counter) {
        nodes { increment: Increment }
        start increment;
        increment -> if state.count < 10 { increment } else { end };
    }
}

/// Runs the graph from its start to its end and returns the count.
pub async fn count() -> Result<u64, Box<dyn Error>> {
    let mut app = CountToTen::app().build().await?;
    let end = app.run(CountToTenInputs {}).await?;
    Ok(end.state().count)
}
