//! A session at work: apps, runs, steps and how they end.
//!
//! ```text
//! App ── run(inputs) ──▶ Run ── polls ──▶ drive: loop { step started
//!                                           perform: action → candidate → transition → commit
//!                                           step committed }
//! ```

mod app;
mod attempt;
mod builder;
mod check;
mod drive;
mod end;
mod error;
mod events;
mod lifecycle;
mod limit;
mod policy;
mod recorded;
mod recording;
mod restore;
#[expect(clippy::module_inception, reason = "the module is about more than the type")]
mod run;
mod session;
mod step;

pub use self::app::{App, ReadError, View};
pub(crate) use self::builder::default_runtime;
pub use self::builder::{
    AppBuilder, BuildError, DefaultState, GivenState, InitialState, NoResources, Provided,
};
pub use self::check::{Misfit, check_sessions};
pub use self::end::{End, Outcome};
pub use self::error::{RunError, RunErrorKind};
pub use self::events::Events;
pub use self::policy::{Policy, Retry};
pub use self::recorded::{Difference, LoadError, Part, Recorded};
pub use self::restore::RestoreError;
pub use self::run::{Committed, Finish, Run};
pub(crate) use self::step::perform;
#[doc(hidden)]
pub use self::step::{StepResult, StepRun};
pub use crate::progress::Position;
