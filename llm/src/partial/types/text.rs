//! Strings, which grow by appended text.

use crate::partial::{Grow, GrowError, Partial};
use burdock_json::{Edit, Segment};
use serde_json::Value;
use std::{borrow::Cow, rc::Rc, sync::Arc};

impl Grow for String {
    fn from_json(json: &Value) -> Result<Self, GrowError> {
        match json {
            Value::String(text) => Ok(text.clone()),
            other => Err(GrowError::expected("a string", other)),
        }
    }

    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
        match (path, edit) {
            ([], Edit::Append(text)) => self.push_str(text),
            ([], Edit::Set(json)) => *self = Self::from_json(json)?,
            _ => return Err(GrowError::edit("a string")),
        }
        Ok(())
    }

    fn __same(&self, other: &Self) -> bool {
        self == other
    }
}

macro_rules! texts {
    // types that serde deserializes from a string
    ($($ty:ty),*) => {$(
        impl Partial for $ty {
            type Partial = String;
        }
    )*};
}

texts!(String, Box<str>, Rc<str>, Arc<str>, Cow<'static, str>);
