//! Properties of objects: keys, and checks for missing ones.

use super::{
    Parser, Result,
    frame::{Class, Kind, Lex, Next, Quote},
};
use crate::{
    change::Segment,
    names::KeyId,
    report::{MismatchKind, RepairKind},
    schema::{Extra, NodeId, Shape, any_of},
};
use std::sync::Arc;

impl Parser {
    /// Reads the start of a key.
    pub(super) fn start_key(&mut self, text: &str, at: usize, char: char) -> Result<usize> {
        let (offset, after) = (self.offset + at, at + char.len_utf8());
        if Quote::of(char).is_some() {
            self.start_text_key(char, offset);
            return Ok(after);
        }
        match Class::of(char) {
            Some(Class::Word | Class::Number) => {
                self.token.clear();
                self.token_at = offset;
                self.lex = Lex::Bare { key: true };
                self.bare(text, at, true)
            }
            _ => Err(self.unexpected("a key", char, offset)),
        }
    }

    /// Enters the value of the key that was read.
    pub(super) fn end_key(&mut self, offset: usize) -> Result {
        self.next = Next::Colon;
        let at = self.depth - 1;
        if self.discarded.is_some() && !self.unwrap_object(offset)? {
            self.step_to_key(at, None);
            self.stack[at].count += 1;
            return Ok(());
        }
        self.next = Next::Colon;
        let at = self.depth - 1;
        let is_known = self.resolve_key(at, offset);
        let key = self.key_id;
        self.step_to_key(at, key);
        if !self.take_key(at) {
            self.repair(RepairKind::DuplicateKey, offset);
            self.discard_value();
            return Ok(());
        }
        if is_known {
            self.growth.commit();
        }
        self.find_children(at, offset);
        Ok(())
    }

    fn step_to_key(&mut self, at: usize, key: Option<KeyId>) {
        let name = match key {
            Some(key) => Arc::clone(self.schema.inner.keys.name(key)),
            None => self.key.as_str().into(),
        };
        self.growth.truncate(self.stack[at].path);
        self.growth.push(Segment::Key(name));
    }

    /// Finds the key in the schema, with or without another spelling. Returns whether an alternative
    /// names it.
    fn resolve_key(&mut self, at: usize, offset: usize) -> bool {
        let schema = &self.schema.inner;
        let frame = &self.stack[at];
        let objects = || {
            frame.shapes.iter().filter_map(|id| match schema.shape(*id) {
                Shape::Object(object) => Some(object),
                _ => None,
            })
        };
        let names = |key: KeyId| objects().any(|object| object.property(key).is_some());
        self.key_id = schema.keys.get(&self.key);
        if self.key_id.is_some_and(names) {
            return true;
        }
        let is_extra = |extra| matches!(extra, Extra::Node(_));
        // an alternative that accepts anything also has this key
        let is_taken = frame.shapes.len() > objects().count()
            || objects().any(|object| is_extra(object.extra(&self.key)));
        if is_taken {
            return false;
        }
        let similar = schema.keys.similar(&self.key);
        let mut similar =
            similar.iter().copied().filter(|key| names(*key) && !frame.seen.contains(*key));
        let (Some(key), None) = (similar.next(), similar.next()) else { return false };
        self.key_id = Some(key);
        self.key.clear();
        self.key.push_str(schema.keys.name(key));
        let path = self.growth.plain_path(frame.path, Some(self.key.as_str().into()));
        self.repair_at(path, RepairKind::Key, offset);
        true
    }

    /// Records the key. Returns whether the object did not have it yet.
    fn take_key(&mut self, at: usize) -> bool {
        let frame = &mut self.stack[at];
        frame.member.key = self.key_id;
        let Some(key) = self.key_id else { return frame.seen.insert_other(&self.key) };
        let is_new = !frame.seen.contains(key);
        frame.seen.insert(key);
        is_new
    }

    /// Finds the node of the value in each alternative, and drops the alternatives that forbid the key.
    fn find_children(&mut self, at: usize, offset: usize) {
        let schema = &self.schema.inner;
        let frame = &mut self.stack[at];
        let mut marks = (false, false);
        let (mut is_allowed, mut is_read) = (false, false);
        let mut child = |id| {
            let object = match schema.shape(id) {
                Shape::Object(object) => Some(object),
                _ => None,
            };
            let property = object.zip(self.key_id).and_then(|(object, key)| object.property(key));
            let extra = match (object, property) {
                (_, Some(property)) => {
                    marks = (marks.0 | property.done, marks.1 | property.state);
                    Extra::Node(property.node)
                }
                (Some(object), None) => object.extra(&self.key),
                (None, None) => Extra::Node(NodeId::ANY),
            };
            is_allowed |= extra != Extra::Denied;
            is_read |= matches!(extra, Extra::Node(_));
            extra
        };
        let children: Vec<Extra> = frame.shapes.iter().map(|id| child(*id)).collect();
        frame.children.clear();
        if is_allowed {
            let mut allowed = children.iter().map(|extra| *extra != Extra::Denied);
            frame.shapes.retain(|_| allowed.next().unwrap_or(true));
            frame.children.extend(children.iter().filter_map(|extra| match extra {
                Extra::Node(node) => Some(Some(*node)),
                Extra::Ignored => Some(None),
                Extra::Denied => None,
            }));
        } else {
            frame.children.resize(frame.shapes.len(), None);
            self.repair(RepairKind::ExtraProperty, offset);
        }
        if is_read {
            (self.stack[at].member.done, self.stack[at].member.state) = marks;
            self.settle();
        } else {
            self.discard_value();
        }
    }

    /// Checks that the innermost object has its required properties, or the list its elements.
    pub(super) fn check_complete(&mut self, offset: usize) -> Result {
        let schema = &self.schema.inner;
        let frame = &mut self.stack[self.depth - 1];
        let (seen, count) = (&frame.seen, frame.count);
        let is_whole = |shape: &Shape| match shape {
            Shape::Object(object) => object.required.iter().all(|key| seen.contains(*key)),
            Shape::List(list) => count >= list.min,
            _ => true,
        };
        if frame.shapes.iter().any(|id| is_whole(schema.shape(*id))) {
            frame.shapes.retain(|id| is_whole(schema.shape(*id)));
            return Ok(());
        }
        let missing = |shape: &Shape| match shape {
            Shape::Object(object) => {
                let mut missing = object.required.iter().filter(|key| !seen.contains(**key));
                let first = missing.next().map(|key| schema.keys.name(*key));
                let name = first.map(AsRef::as_ref).unwrap_or_default();
                (missing.count(), format!("property `{name}`"))
            }
            Shape::List(list) => (0, format!("at least {} elements", list.min)),
            _ => (0, String::new()),
        };
        let shapes: Vec<_> = frame.shapes.iter().map(|id| missing(schema.shape(*id))).collect();
        let fewest = shapes.iter().map(|(count, _)| *count).min();
        let nearest = shapes.into_iter().filter(|(count, _)| Some(*count) == fewest);
        let expected = any_of(nearest.map(|(_, name)| name));
        let found = match frame.kind {
            Kind::Object => "the end of the object".into(),
            Kind::List | Kind::Single => format!("{count}"),
        };
        let path = self.growth.plain_path(frame.path, None);
        let mut mismatch = self.mismatch(MismatchKind::Missing, offset, expected, found);
        mismatch.path = path;
        Err(mismatch)
    }

    /// Returns whether the current value, `below` levels inside the value of its key, belongs to an
    /// unknown key of an object that is still provisional.
    fn may_unwrap(&self, below: usize) -> bool {
        let Some(discarded) = self.discarded else { return false };
        !self.growth.is_committed
            && discarded + 1 + below == self.depth
            && self.stack[..discarded].iter().all(|frame| frame.kind == Kind::Single)
    }

    /// If the schema is a list, discards the unknown object around the list that starts here.
    pub(super) fn unwrap_list(&mut self, offset: usize) {
        let schema = &self.schema.inner;
        let is_list = |id| matches!(schema.shape(id), Shape::List(_));
        if self.may_unwrap(0) && schema.alternatives(NodeId::ROOT).iter().any(|id| is_list(*id)) {
            self.unwrap(offset);
        }
    }

    /// If the schema has the key that was read, discards the object with only unknown keys around the
    /// current object. Returns whether it did.
    fn unwrap_object(&mut self, offset: usize) -> Result<bool> {
        let schema = &self.schema.inner;
        if !self.may_unwrap(1) || self.stack[self.depth - 1].count > 0 {
            return Ok(false);
        }
        let key = schema.keys.get(&self.key);
        let knows = key.is_some_and(|key| {
            schema.alternatives(NodeId::ROOT).iter().any(|id| match schema.shape(*id) {
                Shape::Object(object) => object.property(key).is_some(),
                _ => false,
            })
        });
        if knows {
            self.unwrap(offset);
            self.open(Class::Object, offset)?;
        }
        Ok(knows)
    }

    fn unwrap(&mut self, offset: usize) {
        self.clear();
        self.repairs.truncate(self.start.repairs);
        self.start.is_wrapped = true;
        self.repair(RepairKind::Wrapped, offset);
    }
}
