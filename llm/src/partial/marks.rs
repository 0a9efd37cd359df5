//! Marks of a type on its schema: which properties appear when, so that every consumer sees the same.

use super::Partial;
use burdock_json::{Mark, Place, Schema};

/// A place of a schema, `None` where the schema does not describe what the type has there.
#[doc(hidden)]
pub type Node = Option<Place>;

/// The walk that marks a schema: over a type and its schema in parallel.
pub struct Marks<'a> {
    schema: &'a mut Schema,
    /// The types that were visited at a place, which ends the walk of recursive types.
    visited: Vec<(&'static str, Place)>,
}

impl<'a> Marks<'a> {
    /// Marks the properties of a schema that `T` declares as `done`, `required` or `state`, and those
    /// that the parser has to show at once for the partial form of `T`.
    pub fn apply<T: Partial + ?Sized>(schema: &'a mut Schema) {
        let root = Some(schema.root());
        Marks { schema, visited: Vec::new() }.visit::<T>(&root);
    }
}

#[doc(hidden)]
impl Marks<'_> {
    /// Continues with a type at this place.
    pub fn visit<T: Partial + ?Sized>(&mut self, node: &Node) {
        let Some(place) = node else { return };
        let visit = (std::any::type_name::<T>(), place.clone());
        if !self.visited.contains(&visit) {
            self.visited.push(visit);
            T::__mark(self, node);
        }
    }

    /// Continues with the elements of a list.
    pub fn items<T: Partial>(&mut self, node: &Node) {
        self.element::<T>(node, 0);
    }

    /// Continues with an element of a tuple.
    pub fn element<T: Partial>(&mut self, node: &Node, index: usize) {
        let element = node.as_ref().and_then(|place| self.schema.element(place, index));
        self.visit::<T>(&element);
    }

    /// Continues with the values of a map.
    pub fn values<T: Partial>(&mut self, node: &Node) {
        let values = node.as_ref().and_then(|place| self.schema.values(place));
        self.visit::<T>(&values);
    }

    /// Continues with a property.
    pub fn property<T: Partial>(&mut self, node: &Node, key: &str) {
        let property = self.place_of(node, key);
        self.visit::<T>(&property);
    }

    /// Returns the place of a property.
    pub fn place_of(&self, node: &Node, key: &str) -> Node {
        node.as_ref().and_then(|place| self.schema.property(place, key))
    }

    /// Returns the alternatives whose `tag` is `variant`.
    pub fn variant(&self, node: &Node, tag: &str, variant: &str) -> Node {
        node.as_ref().and_then(|place| self.schema.variant(place, tag, variant))
    }

    /// Shows a property when it is complete.
    pub fn done(&mut self, node: &Node, key: &str) {
        self.mark(node, key, Mark::Done);
    }

    /// Shows an object when it has this property.
    pub fn required(&mut self, node: &Node, key: &str) {
        self.mark(node, key, Mark::Required);
    }

    /// Shows how far a property is.
    pub fn state(&mut self, node: &Node, key: &str) {
        self.mark(node, key, Mark::State);
    }

    fn mark(&mut self, node: &Node, key: &str, mark: Mark) {
        if let Some(place) = node {
            self.schema.mark(place, key, mark);
        }
    }
}
