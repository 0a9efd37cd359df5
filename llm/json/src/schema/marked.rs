//! Reading the marks of a schema.

use super::{Mark, Place, Schema, Shape};

impl Schema {
    /// Returns the marks of the property `key` of the objects at `place`.
    pub fn marks(&self, place: &Place, key: &str) -> Vec<Mark> {
        let Some(key) = self.inner.keys.get(key) else { return Vec::new() };
        let objects = self.shapes(place).filter_map(|shape| match shape {
            Shape::Object(object) => Some(object),
            _ => None,
        });
        let mut marks = Vec::new();
        for object in objects {
            let property = object.property(key);
            let found = [
                (Mark::Done, property.is_some_and(|property| property.done)),
                (Mark::Required, object.awaited.contains(&key)),
                (Mark::State, property.is_some_and(|property| property.state)),
            ];
            for (mark, is_there) in found {
                if is_there && !marks.contains(&mark) {
                    marks.push(mark);
                }
            }
        }
        marks
    }
}
