//! Tests of single actions, and of steps that a session has recorded.
//!
//! ```text
//! action::test(&state) ─▶ ActionTest ─ .await ─▶ items, writes
//! log ─ fixture ─▶ Fixture ─ load ─▶ Replay ─ compare(ActionTest) ─▶ Difference
//!                     └ test ─▶ TestSource, the source code of such a test
//! ```

mod fixture;
mod isolated;
mod replay;
#[cfg(feature = "test-source")]
mod source;

pub use self::fixture::{Conclusion, Fixture, FixtureError, fixture};
pub use self::isolated::{ActionTest, TestAction, TestScope, TestValues};
pub use self::replay::{Difference, LoadError, Part, Replay};
#[cfg(feature = "test-source")]
pub use self::source::{BoundValue, Needed, Outline, OutlineNode, TestSource};
