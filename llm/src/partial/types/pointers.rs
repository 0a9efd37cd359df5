//! Pointers, whose partial form is owned, and optional values.

use crate::partial::{Grow, GrowError, Marks, Partial, derived::Keys, marks::Node};
use burdock_json::{Edit, Segment};
use serde::ser::SerializeMap;
use serde_json::Value;
use std::{rc::Rc, sync::Arc};

macro_rules! pointers {
    // types that serde deserializes as their target; the partial form is boxed, because it changes in
    // place
    ($($pointer:ident),*) => {$(
        impl<T: Partial> Partial for $pointer<T> {
            type Partial = Box<T::Partial>;
        }
    )*};
}

pointers!(Box, Rc, Arc);

impl<P: Grow> Grow for Box<P> {
    fn from_json(json: &Value) -> Result<Self, GrowError> {
        P::from_json(json).map(Box::new)
    }

    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
        P::grow(self, path, edit)
    }

    fn __mark(marks: &mut Marks<'_>, node: &Node) {
        marks.visit(node, P::__mark);
    }

    fn __same(&self, other: &Self) -> bool {
        P::__same(self, other)
    }

    fn __keys(key: &str) -> Keys {
        P::__keys(key)
    }

    fn __write_entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        P::__write_entries(self, map)
    }
}

/// `None` is a `null` that has arrived.
impl<T: Partial> Partial for Option<T> {
    type Partial = Option<T::Partial>;
}

impl<P: Grow> Grow for Option<P> {
    fn from_json(json: &Value) -> Result<Self, GrowError> {
        if json.is_null() { Ok(None) } else { P::from_json(json).map(Some) }
    }

    fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
        match (path, edit, self) {
            ([], Edit::Set(json), value) => *value = Self::from_json(json)?,
            (_, _, Some(value)) => value.grow(path, edit)?,
            (_, _, None) => return Err(GrowError::edit("`null`")),
        }
        Ok(())
    }

    fn __mark(marks: &mut Marks<'_>, node: &Node) {
        marks.visit(node, P::__mark);
    }

    fn __same(&self, other: &Self) -> bool {
        match (self, other) {
            (Some(left), Some(right)) => left.__same(right),
            (left, right) => left.is_none() && right.is_none(),
        }
    }

    fn __keys(key: &str) -> Keys {
        P::__keys(key)
    }

    fn __write_entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        self.as_ref().map_or(Ok(()), |value| value.__write_entries(map))
    }
}
