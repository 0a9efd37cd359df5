//! Untyped states.

use serde_json::{Map, Value};

/// A state as JSON: the values of its fields by their serialized names.
pub type Document = Map<String, Value>;
