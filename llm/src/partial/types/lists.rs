//! Lists, which grow by pushed elements, and in their elements.

use crate::partial::{Grow, GrowError, Marks, Misfit, Partial, marks::Node};
use burdock_json::{Edit, Segment};
use serde_json::Value;
use std::collections::{BTreeSet, HashSet, VecDeque};

macro_rules! list {
    // the list of partial elements, and its method that adds one
    ($list:ident, $push:ident) => {
        impl<P: Grow> Grow for $list<P> {
            fn from_json(json: &Value) -> Result<Self, GrowError> {
                let elements = json.as_array();
                let elements = elements.ok_or_else(|| GrowError::expected("a list", json))?;
                let read = |(index, element)| {
                    P::from_json(element).map_err(|error| error.below(Segment::Index(index)))
                };
                elements.iter().enumerate().map(read).collect()
            }

            fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
                match (path, edit) {
                    ([], Edit::Push(json)) => self.$push(P::from_json(json)?),
                    ([], Edit::Set(json)) => *self = Self::from_json(json)?,
                    ([], _) => return Err(GrowError::edit("a list")),
                    ([Segment::Index(index), rest @ ..], _) => {
                        let element = self.get_mut(*index);
                        element.ok_or(GrowError::new(Misfit::Absent))?.grow(rest, edit)?;
                    }
                    _ => return Err(GrowError::new(Misfit::Unknown)),
                }
                Ok(())
            }

            fn __mark(marks: &mut Marks<'_>, node: &Node) {
                marks.element(node, 0, P::__mark);
            }

            fn __same(&self, other: &Self) -> bool {
                self.len() == other.len()
                    && self.iter().zip(other).all(|(left, right)| left.__same(right))
            }
        }
    };
}

list!(Vec, push);
list!(VecDeque, push_back);

impl<T: Partial> Partial for VecDeque<T> {
    type Partial = VecDeque<T::Partial>;
}

macro_rules! lists {
    // types that serde deserializes from a list of `T`
    ($([$($generics:tt)*] $ty:ty),*) => {$(
        impl<T: Partial, $($generics)*> Partial for $ty {
            type Partial = Vec<T::Partial>;
        }
    )*};
}

lists!([] Vec<T>, [] Box<[T]>, [const N: usize] [T; N], [] BTreeSet<T>, [S] HashSet<T, S>);
