//! Walking a schema, for callers that mark its properties.

use super::{Extra, NodeId, Schema, Shape, ShapeId};
use std::sync::Arc;

/// How the value of a property appears while it grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Mark {
    /// The property is absent until complete, then set at once.
    Done,
    /// The object does not appear before this property.
    Required,
    /// The property is the object `{"state": "growing" | "complete", "value": …}`.
    State,
}

/// A position in a schema: the alternatives of a value at that position.
///
/// Two places of one schema are equal if they are the same position, so a caller that follows a
/// recursive type can stop at places that it has visited.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place(Vec<ShapeId>);

impl Schema {
    /// Returns the place of the root value.
    pub fn root(&self) -> Place {
        self.place([NodeId::ROOT].into_iter()).unwrap_or(Place(Vec::new()))
    }

    /// Returns the place of a property, by its key in JSON.
    pub fn property(&self, place: &Place, key: &str) -> Option<Place> {
        let key = self.inner.keys.get(key)?;
        self.place(self.shapes(place).filter_map(|shape| match shape {
            Shape::Object(object) => object.property(key).map(|property| property.node),
            _ => None,
        }))
    }

    /// Returns the place of the values of a map.
    pub fn values(&self, place: &Place) -> Option<Place> {
        self.place(self.shapes(place).filter_map(|shape| match shape {
            Shape::Object(object) => match (object.patterns.first(), object.extra) {
                (Some((_, node)), _) => Some(*node),
                (None, Extra::Node(node)) => Some(node),
                _ => None,
            },
            _ => None,
        }))
    }

    /// Returns the place of an element of a list or tuple.
    pub fn element(&self, place: &Place, index: usize) -> Option<Place> {
        self.place(self.shapes(place).filter_map(|shape| match shape {
            Shape::List(list) => list.element(index),
            _ => None,
        }))
    }

    /// Returns the alternatives whose property `tag` can only be the string `variant`.
    pub fn variant(&self, place: &Place, tag: &str, variant: &str) -> Option<Place> {
        let key = self.inner.keys.get(tag)?;
        let is_variant = |shape: &ShapeId| match self.inner.shape(*shape) {
            Shape::Object(object) => object.property(key).is_some_and(|property| {
                let alternatives = self.inner.alternatives(property.node);
                alternatives.iter().all(|shape| match self.inner.shape(*shape) {
                    Shape::Text(text) => {
                        text.variants.as_ref().is_some_and(|names| names.names().eq([variant]))
                    }
                    _ => false,
                })
            }),
            _ => false,
        };
        let shapes: Vec<_> = place.0.iter().filter(|shape| is_variant(shape)).copied().collect();
        (!shapes.is_empty()).then_some(Place(shapes))
    }

    /// Marks the property `key` of the objects at `place`. Returns whether any of them has it.
    pub fn mark(&mut self, place: &Place, key: &str, mark: Mark) -> bool {
        let Some(key) = self.inner.keys.get(key) else { return false };
        let inner = Arc::make_mut(&mut self.inner);
        let mut found = false;
        for shape in &place.0 {
            let Shape::Object(object) = &mut inner.shapes[shape.0 as usize] else { continue };
            let at = object.properties.binary_search_by_key(&key, |property| property.key);
            let Ok(at) = at else { continue };
            found = true;
            match mark {
                Mark::Done => object.properties[at].done = true,
                Mark::State => object.properties[at].state = true,
                Mark::Required if object.awaited.contains(&key) => {}
                Mark::Required => object.awaited.push(key),
            }
        }
        found
    }

    pub(super) fn shapes<'a>(&'a self, place: &'a Place) -> impl Iterator<Item = &'a Shape> {
        place.0.iter().map(|shape| self.inner.shape(*shape))
    }

    fn place(&self, nodes: impl Iterator<Item = NodeId>) -> Option<Place> {
        let mut shapes: Vec<ShapeId> =
            nodes.flat_map(|node| self.inner.alternatives(node)).copied().collect();
        shapes.sort_unstable();
        shapes.dedup();
        (!shapes.is_empty()).then_some(Place(shapes))
    }
}
