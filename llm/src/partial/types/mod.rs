//! Partial forms of the types of std, and of JSON values.

mod json;
mod lists;
mod maps;
mod pointers;
mod scalars;
mod text;
mod tuples;

pub(crate) use self::json::grow_json;
pub use self::tuples::TuplePartial;
