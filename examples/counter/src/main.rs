//! Counts to ten, twice: `cargo run -p counter`.
//!
//! Start with [`with_macros`]: a state, an action, a graph, and a run of it. [`without_macros`]
//! has the same action written by hand, to show what the attribute generates.
#![allow(clippy::print_stdout, reason = "the example talks to a terminal")]

pub mod with_macros;
pub mod without_macros;

use std::error::Error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    println!("The graph:\n\n{}", with_macros::CountToTen::TOPOLOGY.text());
    println!("with macros:    {}", with_macros::count().await?);
    println!("without macros: {}", without_macros::count().await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{with_macros, without_macros};
    use std::error::Error;

    #[tokio::test]
    async fn both_ways_count_to_ten() -> Result<(), Box<dyn Error>> {
        assert_eq!(with_macros::count().await?, 10);
        assert_eq!(without_macros::count().await?, 10);
        Ok(())
    }

    #[test]
    fn both_graphs_differ_only_in_the_name_of_the_action() {
        let with = with_macros::CountToTen::TOPOLOGY.text();
        let without = without_macros::CountToTen::TOPOLOGY.text();
        assert_eq!(with, without.replace("increment: Increment", "increment"));
    }
}
