//! A state without its type.

use serde_json::{Map, Value};

/// The fields of a state by the names that serde gives them.
pub type Document = Map<String, Value>;
