//! Tuples: lists whose first elements have arrived.

use crate::partial::{Grow, GrowError, Marks, Partial, derived, marks::Node};
use burdock_json::{Edit, Segment};
use serde::{Serialize, Serializer, ser::SerializeSeq};
use serde_json::Value;
use std::ops::Deref;

/// The partial form of a tuple: a tuple of options, of which the first ones are set.
///
/// ```
/// use burdock_llm::Grown;
///
/// let mut pair = Grown::<(String, u8)>::new();
/// pair.apply(&serde_json::from_str(r#"{"path":[],"set":["a"]}"#)?)?;
/// assert_eq!(pair.partial().map(|pair| &pair.0), Some(&(Some("a".to_owned()), None)));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct TuplePartial<T>(pub T);

impl<T> Deref for TuplePartial<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

macro_rules! tuple {
    // its length; per element: the type parameter of its partial form, that of its type, and its index
    ($length:literal: $($p:ident $t:ident $index:tt),*) => {
        impl<$($t: Partial),*> Partial for ($($t,)*) {
            type Partial = TuplePartial<($(Option<$t::Partial>,)*)>;
        }

        impl<$($p: Grow),*> Serialize for TuplePartial<($(Option<$p>,)*)> {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut list = serializer.serialize_seq(None)?;
                $(derived::write_element(&mut list, &self.0.$index)?;)*
                list.end()
            }
        }

        impl<$($p: Grow),*> Grow for TuplePartial<($(Option<$p>,)*)> {
            fn from_json(json: &Value) -> Result<Self, GrowError> {
                let elements = derived::array(json, $length)?;
                Ok(Self(($(derived::read_element::<$p>(elements, $index)?,)*)))
            }

            fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
                if let ([], Edit::Set(json)) = (path, edit) {
                    *self = Self::from_json(json)?;
                    return Ok(());
                }
                let present = [$(self.0.$index.is_some()),*];
                match derived::position(path, edit, &present)? {
                    $($index => derived::grow_element(&mut self.0.$index, path, edit),)*
                    _ => Err(GrowError::new(crate::partial::Misfit::Unknown)),
                }
            }

            fn __mark(marks: &mut Marks<'_>, node: &Node) {
                $(marks.element(node, $index, $p::__mark);)*
            }

            fn __same(&self, other: &Self) -> bool {
                true $(&& self.0.$index.__same(&other.0.$index))*
            }
        }
    };
}

tuple!(1: P0 T0 0);
tuple!(2: P0 T0 0, P1 T1 1);
tuple!(3: P0 T0 0, P1 T1 1, P2 T2 2);
tuple!(4: P0 T0 0, P1 T1 1, P2 T2 2, P3 T3 3);
tuple!(5: P0 T0 0, P1 T1 1, P2 T2 2, P3 T3 3, P4 T4 4);
tuple!(6: P0 T0 0, P1 T1 1, P2 T2 2, P3 T3 3, P4 T4 4, P5 T5 5);
tuple!(7: P0 T0 0, P1 T1 1, P2 T2 2, P3 T3 3, P4 T4 4, P5 T5 5, P6 T6 6);
tuple!(8: P0 T0 0, P1 T1 1, P2 T2 2, P3 T3 3, P4 T4 4, P5 T5 5, P6 T6 6, P7 T7 7);
