//! Partial values: types of values that are still arriving, and the changes that grow them.

mod change;
pub(crate) mod derived;
mod error;
mod field;
mod grow;
mod grown;
pub(crate) mod marks;
mod types;

pub use self::{
    change::Change,
    error::{GrowError, Misfit},
    field::{Field, FieldState},
    grow::{Grow, Partial, PartialOf},
    grown::Grown,
    marks::Marks,
    types::TuplePartial,
};
