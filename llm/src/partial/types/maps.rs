//! Maps, which grow by entries that are set, and in their values.

use crate::partial::{Grow, GrowError, Marks, Misfit, Partial, derived::Keys, marks::Node};
use burdock_json::{Edit, Segment};
use serde::ser::SerializeMap;
use serde_json::Value;
use std::collections::{BTreeMap, HashMap};

macro_rules! map {
    // the map, and its parameters other than key and value
    ($map:ident $(, $hasher:ident)?) => {
        /// The keys are the JSON keys, as strings.
        impl<K, T: Partial $(, $hasher)?> Partial for $map<K, T $(, $hasher)?> {
            type Partial = $map<String, T::Partial>;
        }

        #[allow(clippy::implicit_hasher, reason = "a partial form has the hasher of std")]
        impl<P: Grow> Grow for $map<String, P> {
            fn from_json(json: &Value) -> Result<Self, GrowError> {
                let entries = json.as_object();
                let entries = entries.ok_or_else(|| GrowError::expected("an object", json))?;
                let read = |(key, value): (&String, &Value)| {
                    let value = P::from_json(value);
                    let value = value.map_err(|error| error.below(Segment::Key(key.as_str().into())))?;
                    Ok((key.clone(), value))
                };
                entries.iter().map(read).collect()
            }

            fn grow(&mut self, path: &[Segment], edit: &Edit) -> Result<(), GrowError> {
                match (path, edit) {
                    ([Segment::Key(key)], Edit::Set(json)) => {
                        let value = P::from_json(json)?;
                        self.insert(key.as_ref().to_owned(), value);
                    }
                    ([], Edit::Set(json)) => *self = Self::from_json(json)?,
                    ([], _) => return Err(GrowError::edit("an object")),
                    ([Segment::Key(key), rest @ ..], _) => {
                        let value = self.get_mut(key.as_ref());
                        value.ok_or(GrowError::new(Misfit::Absent))?.grow(rest, edit)?;
                    }
                    _ => return Err(GrowError::new(Misfit::Unknown)),
                }
                Ok(())
            }

            fn __mark(marks: &mut Marks<'_>, node: &Node) {
                marks.values(node, P::__mark);
            }

            fn __same(&self, other: &Self) -> bool {
                self.len() == other.len()
                    && self.iter().all(|(key, value)| {
                        other.get(key).is_some_and(|other| value.__same(other))
                    })
            }

            fn __keys(_key: &str) -> Keys {
                Keys::Rest
            }

            #[allow(clippy::iter_over_hash_type, reason = "JSON objects have no order")]
            fn __write_entries<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
                for (key, value) in self {
                    map.serialize_entry(key, value)?;
                }
                Ok(())
            }
        }
    };
}

map!(BTreeMap);
map!(HashMap, S);
