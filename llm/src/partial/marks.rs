//! Marks of a type on its schema. They define when each property appears, for all consumers alike.

use super::{Grow, Partial};
use burdock_json::{Mark, Place, Schema};

/// A place of a schema, or `None` if the schema does not describe the type there.
#[doc(hidden)]
pub type Node = Option<Place>;

/// Marks a schema by walking a type and its schema in parallel.
pub struct Marks<'a> {
    schema: &'a mut Schema,
    /// The property whose value is being visited.
    property: Option<Property>,
    /// The visited functions and places, which end the walk of recursive types.
    visited: Vec<(&'static str, Place, Option<Property>)>,
}

/// A property of the objects at a place.
type Property = (Place, String);

impl<'a> Marks<'a> {
    /// Applies the marks that `T` declares (`done`, `required`, `state`), and those for properties that
    /// the parser must emit in one piece for the partial form of `T`.
    pub fn apply<T: Partial>(schema: &'a mut Schema) {
        let root = Some(schema.root());
        Marks { schema, property: None, visited: Vec::new() }.visit(&root, T::Partial::__mark);
    }

    /// Marks the schema of an object whose property `key` is of type `T`.
    pub(crate) fn apply_below<T: Partial>(schema: &'a mut Schema, key: &str) {
        let root = Some(schema.root());
        let mut marks = Marks { schema, property: None, visited: Vec::new() };
        marks.property(&root, key, T::Partial::__mark);
    }
}

#[doc(hidden)]
impl Marks<'_> {
    /// Visits a type at this place.
    pub fn visit<F: Fn(&mut Marks<'_>, &Node)>(&mut self, node: &Node, mark: F) {
        let Some(place) = node else { return };
        let visit = (std::any::type_name::<F>(), place.clone(), self.property.clone());
        if !self.visited.contains(&visit) {
            self.visited.push(visit);
            mark(self, node);
        }
    }

    /// Visits an element of a list or tuple.
    pub fn element(&mut self, node: &Node, index: usize, mark: impl Fn(&mut Marks<'_>, &Node)) {
        let element = node.as_ref().and_then(|place| self.schema.element(place, index));
        self.descend(None, &element, mark);
    }

    /// Visits the values of a map.
    pub fn values(&mut self, node: &Node, mark: impl Fn(&mut Marks<'_>, &Node)) {
        let values = node.as_ref().and_then(|place| self.schema.values(place));
        self.descend(None, &values, mark);
    }

    /// Visits a property.
    pub fn property(&mut self, node: &Node, key: &str, mark: impl Fn(&mut Marks<'_>, &Node)) {
        let value = self.place_of(node, key);
        let property = node.as_ref().map(|place| (place.clone(), key.to_owned()));
        self.descend(property, &value, mark);
    }

    fn descend(
        &mut self,
        property: Option<Property>,
        node: &Node,
        mark: impl Fn(&mut Marks<'_>, &Node),
    ) {
        let above = std::mem::replace(&mut self.property, property);
        self.visit(node, mark);
        self.property = above;
    }

    /// Marks the property that is being visited as `done`.
    pub fn whole(&mut self) {
        if let Some((place, key)) = &self.property {
            self.schema.mark(place, key, Mark::Done);
        }
    }

    /// Returns the place of a property.
    pub fn place_of(&self, node: &Node, key: &str) -> Node {
        node.as_ref().and_then(|place| self.schema.property(place, key))
    }

    /// Returns the alternatives whose `tag` is `variant`.
    pub fn variant(&self, node: &Node, tag: &str, variant: &str) -> Node {
        node.as_ref().and_then(|place| self.schema.variant(place, tag, variant))
    }

    /// Marks a property as `done`.
    pub fn done(&mut self, node: &Node, key: &str) {
        self.mark(node, key, Mark::Done);
    }

    /// Marks a property as `required`.
    pub fn required(&mut self, node: &Node, key: &str) {
        self.mark(node, key, Mark::Required);
    }

    /// Marks a property as `state`.
    pub fn state(&mut self, node: &Node, key: &str) {
        self.mark(node, key, Mark::State);
    }

    fn mark(&mut self, node: &Node, key: &str, mark: Mark) {
        if let Some(place) = node {
            self.schema.mark(place, key, mark);
        }
    }
}
