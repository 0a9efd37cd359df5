//! An agent that answers the customers of a shop: it looks up orders, tracks parcels and refunds.
//!
//! In reading order: [`shop`] is what the agent works with and does not use burdock, [`tools`] are the functions that
//! the model calls, [`triage`] is a typed prompt, [`state`] and [`actions`] are the parts of the graph in [`graph`], and
//! [`page`] maps its types to those of the chat page. [`terminal`] runs the same graph in the terminal. [`payout`] is another
//! graph, which pays refunds out once.

pub mod actions;
pub mod args;
pub mod graph;
pub mod page;
pub mod payout;
pub mod shop;
pub mod state;
pub mod terminal;
pub mod tools;
pub mod triage;
