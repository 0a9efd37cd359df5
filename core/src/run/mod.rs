//! Apps, runs and steps.
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
mod events;
mod journal;
mod limit;
mod once;
mod polling;
mod progress;
mod restore;
#[expect(clippy::module_inception, reason = "the module is about more than the type")]
mod run;
mod session;
mod step;
mod stop;
pub(crate) mod sub;

pub use self::app::{App, ReadError, SessionView};
pub use self::builder::{
    AppBuilder, BuildError, DefaultState, GivenState, InitialState, NoResources, Provided,
};
pub use self::check::{Misfit, check_sessions};
pub use self::end::End;
pub use self::events::Events;
pub use self::once::RunOnce;
pub use self::polling::Finish;
pub use self::run::{Committed, Run};
pub use self::sub::{
    ChildItem, Sub, SubEnd, SubError, SubEvent, SubRun, SubRuns, SubStart, Within,
};
pub use crate::{
    graph::Retry,
    outcome::{Outcome, RestoreError, RunError, RunErrorKind},
    progress::Position,
};

pub(crate) use self::{
    progress::{find, restore_failure},
    restore::restore_state,
};
