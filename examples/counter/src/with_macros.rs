//! One action, and a graph that runs it ten times.
//!
//! A **state** is a struct; an **action** declares which of its fields it reads
//! and writes; a **graph** defines which action may follow which. The compiler proves that the three
//! fit: if you write an undeclared field, or omit the `else`, the program does not compile.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};
use std::error::Error;

/// The state, which is kept from step to step.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Counter {
    /// The current count.
    pub count: u64,
}

/// Adds one.
#[action(state = Counter, reads(count), writes(count))]
async fn increment(counter: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: counter.count + 1 })
}

graph! {
    /// Counts to ten.
    pub CountToTen(Counter) {
        nodes { increment }
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
