//! Selection of the schema's alternatives that a value fits.

use super::{
    Parser, Result,
    frame::{Class, Kind},
};
use crate::{
    report::{MismatchKind, RepairKind},
    schema::{Inner, List, NodeId, Shape, ShapeId},
};

/// How a token of some class fits a shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fit {
    Exact,
    /// Fits with a repair that depends on the type.
    Repaired,
    No,
}

impl Fit {
    pub(super) fn of(shape: &Shape, class: Class) -> Self {
        match (class, shape) {
            (_, Shape::Any)
            | (Class::Object, Shape::Object(_))
            | (Class::List, Shape::List(_))
            | (Class::Text, Shape::Text(_))
            | (Class::Number, Shape::Integer(_) | Shape::Number | Shape::Numbers(_))
            | (Class::Word, Shape::Bool(_) | Shape::Null) => Self::Exact,
            (Class::Word, Shape::Text(text)) if text.variants.is_some() => Self::Exact,
            (Class::Object | Class::List, _)
            | (_, Shape::Object(_) | Shape::List(_))
            | (Class::Number, Shape::Bool(_) | Shape::Null)
            | (Class::Word, Shape::Integer(_) | Shape::Number | Shape::Numbers(_)) => Self::No,
            (Class::Text | Class::Number | Class::Word, _) => Self::Repaired,
        }
    }
}

impl Inner {
    /// Returns whether an element of the list can start with this class.
    pub(super) fn element_fits(&self, list: &List, index: usize, class: Class) -> bool {
        let fits = |id: &ShapeId| Fit::of(self.shape(*id), class) != Fit::No;
        list.element(index).is_some_and(|node| self.alternatives(node).iter().any(fits))
    }
}

impl Parser {
    /// Narrows the alternatives to those that a value of this class fits.
    pub(super) fn prepare(&mut self, class: Class, offset: usize) -> Result {
        loop {
            self.gather(offset)?;
            if self.discarded.is_some() || self.narrow(class) {
                return Ok(());
            }
            if !self.open_single(class, offset)? {
                break;
            }
        }
        // a word may be a null that is removed, which is known only at its end
        if class == Class::Word || self.ignore_member() {
            return Ok(());
        }
        let expected = self.schema.inner.expected(&self.alternatives);
        Err(self.mismatch(MismatchKind::Type, offset, expected, class.found()))
    }

    /// Collects all alternatives that are possible at this position.
    pub(super) fn gather(&mut self, offset: usize) -> Result {
        self.alternatives.clear();
        if self.discarded.is_some() {
            self.alternatives.push(ShapeId::ANY);
            return Ok(());
        }
        let schema = &self.schema.inner;
        let Some(frame) = self.stack[..self.depth].last_mut() else {
            self.alternatives.extend(schema.alternatives(NodeId::ROOT));
            return Ok(());
        };
        if frame.kind != Kind::Object {
            let index = frame.count;
            let element = |id: &ShapeId| match schema.shape(*id) {
                Shape::List(list) => list.element(index),
                _ => Some(NodeId::ANY),
            };
            if !frame.shapes.iter().any(|id| element(id).is_some()) {
                let found = format!("more than {index} elements");
                return Err(self.mismatch(MismatchKind::Type, offset, "`]`", found));
            }
            frame.shapes.retain(|id| element(id).is_some());
            frame.children.clear();
            frame.children.extend(frame.shapes.iter().map(element));
        }
        for node in frame.children.iter().flatten() {
            for id in schema.alternatives(*node) {
                if !self.alternatives.contains(id) {
                    self.alternatives.push(*id);
                }
            }
        }
        Ok(())
    }

    /// Keeps the alternatives that the class fits, if there are any. Lists and objects must fit
    /// exactly; scalars are decided at their end.
    fn narrow(&mut self, class: Class) -> bool {
        let schema = &self.schema.inner;
        let is_bracket = matches!(class, Class::Object | Class::List);
        let fits = |id: &ShapeId| match Fit::of(schema.shape(*id), class) {
            Fit::Exact => true,
            Fit::Repaired => !is_bracket,
            Fit::No => false,
        };
        let some = self.alternatives.iter().any(fits);
        if some {
            self.alternatives.retain(fits);
        }
        some
    }

    /// Opens a list without brackets around a single value, if an alternative is a list of such values.
    fn open_single(&mut self, class: Class, offset: usize) -> Result<bool> {
        let schema = &self.schema.inner;
        let fits = |id: &ShapeId| match schema.shape(*id) {
            Shape::List(list) => list.min <= 1 && schema.element_fits(list, 0, class),
            _ => false,
        };
        if !self.alternatives.iter().any(fits) {
            return Ok(false);
        }
        self.alternatives.retain(fits);
        self.repair(RepairKind::SingleValue, offset);
        self.enter(Kind::Single, offset)?;
        Ok(true)
    }

    /// Discards the value of the current member if one of the alternatives of its object ignores the
    /// member.
    pub(super) fn ignore_member(&mut self) -> bool {
        let Some(frame) = self.stack[..self.depth].last_mut() else { return false };
        if frame.kind != Kind::Object || !frame.children.contains(&None) {
            return false;
        }
        let mut ignores = frame.children.iter().map(Option::is_none);
        frame.shapes.retain(|_| ignores.next().unwrap_or_default());
        frame.children.retain(Option::is_none);
        self.discard_value();
        self.alternatives.clear();
        self.alternatives.push(ShapeId::ANY);
        true
    }

    /// Keeps the alternatives of the frame whose child fits. Returns whether any were removed.
    pub(super) fn narrow_frame(&mut self, at: usize) -> bool {
        let frame = &mut self.stack[at];
        let before = frame.shapes.len();
        if before < 2 || self.discarded.is_some() {
            return false;
        }
        let (schema, fitting) = (&self.schema.inner, &self.alternatives);
        let fits = |child: Option<NodeId>| {
            child.is_none_or(|node| {
                schema.alternatives(node).iter().any(|shape| fitting.contains(shape))
            })
        };
        let mut children = frame.children.iter().copied();
        frame.shapes.retain(|_| children.next().flatten().is_none_or(|node| fits(Some(node))));
        frame.children.retain(|child| fits(*child));
        frame.shapes.len() < before
    }
}
