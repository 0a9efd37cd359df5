//! Values: the alternatives that they fit, their starts and their ends.

use super::{
    Parser, Result,
    frame::{Class, Frame, Kind, Member, Next},
};
use crate::{
    change::{Edit, Segment},
    report::MismatchKind,
    schema::{Shape, ShapeId},
};
use serde_json::{Map, Value, json};

impl Parser {
    /// Reads the start of a value.
    pub(super) fn start_value(&mut self, text: &str, at: usize, char: char) -> Result<usize> {
        let (offset, after) = (self.offset + at, at + char.len_utf8());
        match Class::of(char) {
            Some(class @ (Class::Object | Class::List)) => {
                self.open(class, offset)?;
                Ok(after)
            }
            Some(Class::Text) => {
                self.start_text(char, offset)?;
                Ok(after)
            }
            Some(class) => {
                self.start_bare(class, offset)?;
                self.bare(text, at, false)
            }
            None => Err(self.unexpected("a value", char, offset)),
        }
    }

    /// Reads and discards the value of the current property.
    pub(super) fn discard_value(&mut self) {
        let at = self.depth - 1;
        self.stack[at].member.is_discarded = true;
        self.discarded = Some(at);
        self.growth.silence();
    }

    /// Opens an object or list.
    pub(super) fn open(&mut self, class: Class, offset: usize) -> Result {
        if class == Class::List {
            self.unwrap_list(offset);
        }
        self.prepare(class, offset)?;
        let kind = if class == Class::Object { Kind::Object } else { Kind::List };
        self.enter(kind, offset)
    }

    pub(super) fn enter(&mut self, kind: Kind, offset: usize) -> Result {
        if self.depth >= Self::MAX_DEPTH {
            let expected = format!("at most {} levels", Self::MAX_DEPTH);
            return Err(self.mismatch(MismatchKind::Depth, offset, expected, "one more"));
        }
        self.start_output();
        let is_discarded = self.discarded.is_some();
        let schema = &self.schema.inner;
        let awaits = |id: &ShapeId| match schema.shape(*id) {
            Shape::Object(object) => !object.awaited.is_empty(),
            _ => false,
        };
        if self.alternatives.len() > 1 || self.alternatives.iter().any(awaits) {
            self.growth.hold(self.depth);
        }
        if !is_discarded {
            self.json.push(if kind == Kind::Object { '{' } else { '[' });
        }
        if !self.growth.is_quiet() {
            let empty = || match kind {
                Kind::Object => Value::Object(Map::new()),
                Kind::List | Kind::Single => Value::Array(Vec::new()),
            };
            self.emit_value(empty());
        }
        self.push_index();
        if self.depth == self.stack.len() {
            self.stack.push(Frame::new());
        }
        let frame = &mut self.stack[self.depth];
        frame.reset(kind, self.growth.len());
        std::mem::swap(&mut frame.shapes, &mut self.alternatives);
        self.depth += 1;
        self.next = if kind == Kind::Object { Next::FirstKey } else { Next::FirstElement };
        self.settle();
        Ok(())
    }

    /// Enters the current element, if this is a list.
    pub(super) fn push_index(&mut self) {
        if let Some((path, index)) = self
            .top()
            .filter(|frame| frame.kind != Kind::Object)
            .map(|frame| (frame.path, frame.count))
            && self.growth.len() == path
        {
            self.growth.push(Segment::Index(index));
        }
    }

    /// Writes the separator or key before a value, and emits that the value has started.
    pub(super) fn start_output(&mut self) {
        if self.discarded.is_some() {
            return;
        }
        let Some(frame) = self.stack[..self.depth].last_mut() else { return };
        if frame.count > 0 {
            self.json.push(',');
        }
        self.growth.start_value();
        if frame.kind == Kind::Object {
            frame.count += 1;
            if let Some(key) = self.key_id {
                self.json.push_str(self.schema.inner.keys.written(key));
            } else {
                write_string(&mut self.json, &self.key);
                self.json.push(':');
            }
            let member = &mut frame.member;
            let is_quiet = self.growth.is_quiet();
            member.is_shown = !member.done;
            member.state &= !is_quiet;
            if member.state {
                self.growth.emit(Edit::Set(json!({"state": "growing"})));
                self.growth.push_value();
            }
            if member.done {
                member.whole_from = (!is_quiet).then_some(self.json.len());
                self.growth.silence();
            }
        }
        if self.stack[..self.depth].iter().any(|frame| frame.kind != Kind::Single) {
            self.growth.commit();
        }
    }

    pub(super) fn emit_value(&mut self, value: Value) {
        let is_element = self.top().is_some_and(|frame| frame.kind != Kind::Object);
        self.growth.emit(if is_element { Edit::Push(value) } else { Edit::Set(value) });
    }

    /// Closes the innermost object or list.
    pub(super) fn close(&mut self, offset: usize) -> Result {
        let at = self.depth - 1;
        if self.discarded.is_none() {
            self.check_complete(offset)?;
            self.json.push(if self.stack[at].kind == Kind::Object { '}' } else { ']' });
        }
        if self.growth.top_hold().is_some_and(|hold| hold.frame == at) {
            self.growth.release();
        }
        let frame = &mut self.stack[at];
        std::mem::swap(&mut self.alternatives, &mut frame.shapes);
        self.growth.truncate(frame.path);
        self.depth -= 1;
        self.complete(false);
        Ok(())
    }

    /// Ends the value that was read; `alternatives` are those that it fits.
    pub(super) fn complete(&mut self, is_scalar: bool) {
        loop {
            let Some(at) = self.depth.checked_sub(1) else {
                self.next = Next::Finished;
                self.growth.commit();
                self.growth.emit(Edit::Complete);
                return;
            };
            self.next = Next::Comma;
            let is_narrower = self.narrow_frame(at);
            let frame = &mut self.stack[at];
            let member = std::mem::take(&mut frame.member);
            let kind = frame.kind;
            if kind == Kind::Object {
                self.end_member(at, member);
            } else {
                frame.count += 1;
                self.growth.truncate(frame.path);
            }
            if is_narrower && is_scalar && kind == Kind::Object {
                self.growth.move_to_front(at);
            }
            self.settle();
            if kind != Kind::Single {
                return;
            }
            if self.discarded.is_none() {
                self.json.push(']');
            }
            if self.growth.top_hold().is_some_and(|hold| hold.frame == at) {
                self.growth.release();
            }
            std::mem::swap(&mut self.alternatives, &mut self.stack[at].shapes);
            self.depth -= 1;
        }
    }

    /// Ends a property, and emits it if it was withheld until now.
    fn end_member(&mut self, at: usize, member: Member) {
        let own = self.stack[at].path + 1;
        self.growth.truncate(own + usize::from(member.state));
        if member.is_discarded {
            self.discarded = None;
            self.growth.resume();
            return;
        }
        if member.done {
            self.growth.resume();
            let whole = member.whole_from.and_then(|from| self.json.get(from..));
            if let Some(value) = whole.and_then(|json| serde_json::from_str(json).ok()) {
                self.growth.emit(Edit::Set(value));
            }
        }
        if member.state {
            self.growth.truncate(own);
            self.growth.emit(Edit::Complete);
        }
    }

    /// Releases the changes of objects and lists whose alternative is decided and whose required
    /// properties are there.
    pub(super) fn settle(&mut self) {
        while let Some(hold) = self.growth.top_hold() {
            if !self.stack.get(hold.frame).is_some_and(|frame| self.is_settled(frame)) {
                return;
            }
            self.growth.release();
        }
    }

    fn is_settled(&self, frame: &Frame) -> bool {
        let [only] = frame.shapes[..] else { return false };
        let Shape::Object(object) = self.schema.inner.shape(only) else { return true };
        object.awaited.iter().all(|key| {
            let is_current = frame.member.key == Some(*key);
            frame.seen.contains(*key) && (!is_current || frame.member.is_shown)
        })
    }
}

/// Writes text as a JSON string.
pub(super) fn write_string(json: &mut String, text: &str) {
    json.push('"');
    for char in text.chars() {
        write_char(json, char);
    }
    json.push('"');
}

/// Writes a character of a JSON string.
pub(super) fn write_char(json: &mut String, char: char) {
    match char {
        '"' => json.push_str("\\\""),
        '\\' => json.push_str("\\\\"),
        '\n' => json.push_str("\\n"),
        '\r' => json.push_str("\\r"),
        '\t' => json.push_str("\\t"),
        '\0'..='\x1f' => {
            json.push_str("\\u00");
            let digit = |value: u32| char::from_digit(value, 16).unwrap_or('0');
            json.extend([digit(u32::from(char) >> 4), digit(u32::from(char) & 0xf)]);
        }
        _ => json.push(char),
    }
}
