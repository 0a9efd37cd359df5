#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("docs/crate.md")]

pub mod action;
#[cfg(feature = "tokio")]
pub mod blocking;
pub mod event;
pub mod graph;
pub mod log;
mod message;
pub mod names;
mod outcome;
mod panics;
pub mod prelude;
mod progress;
pub mod run;
pub mod runtime;
mod sealed;
pub mod state;
pub mod stream;
mod sync;
mod templates;
pub mod testing;

#[doc(hidden)]
pub mod __private;

pub use self::{
    action::{Action, ActionError, Context, Failure, Result},
    event::{Event, EventKind, Observer},
    graph::{Graph, Next, Node},
    log::Log,
    run::{App, End, Outcome, Position, Retry, Run, RunError, RunErrorKind},
    runtime::Runtime,
    state::{OrdMap, Slot, State, Vector},
    stream::{Flow, Stopper},
};
pub use burdock_macros::{State, action, graph, streaming_action};
