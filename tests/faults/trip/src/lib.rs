//! Plans and books trips, and asks travellers how they liked them.
//!
//! Three graphs over two states, whose actions are in modules of their own. It exists for its faults:
//! `cargo xtask faults` inserts single mistakes, and checks the errors of the compiler.

pub mod actions;
pub mod change;
pub mod planning;
pub mod state;
pub mod survey;

pub use crate::{change::Change, planning::Planning, survey::answer};
