//! Changes on their way to the caller: paths, and what is held back.

use crate::change::{Change, Edit, Path, Segment};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Growth {
    /// Changes for the caller.
    pub(super) changes: Vec<Change>,
    /// Path of the current value, with the segments that `state` adds.
    path: Vec<Segment>,
    /// Positions in `path` of the segments that `state` adds.
    added: Vec<usize>,
    /// `path`, while it does not change.
    shared: Option<Path>,
    /// While above zero, nothing is emitted.
    quiet: usize,
    /// Changes that wait for the holds, or for the value to be the one that counts.
    held: Vec<Change>,
    /// Where the changes of the last value start in `held`.
    value_from: usize,
    holds: Vec<Hold>,
    /// Whether the value is the one that counts.
    pub(super) is_committed: bool,
}

/// An open object or list whose changes are held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    /// Place in the parser's stack.
    pub(super) frame: usize,
    /// Place in `held` behind its opening, and behind what was moved there.
    front: usize,
}

impl Growth {
    pub(super) fn emit(&mut self, edit: Edit) {
        if self.quiet > 0 {
            return;
        }
        let change = Change { path: self.shared_path(), edit };
        if self.is_committed && self.holds.is_empty() {
            self.changes.push(change);
        } else {
            self.held.push(change);
        }
    }

    pub(super) fn is_quiet(&self) -> bool {
        self.quiet > 0
    }

    pub(super) fn silence(&mut self) {
        self.quiet += 1;
    }

    /// Ends the last [`silence`](Self::silence).
    pub(super) fn resume(&mut self) {
        self.quiet = self.quiet.saturating_sub(1);
    }

    /// Marks the value as the one that counts.
    pub(super) fn commit(&mut self) {
        if !self.is_committed {
            self.is_committed = true;
            self.flush();
        }
    }

    /// Holds what follows: the opening of an object or list, and what is below.
    pub(super) fn hold(&mut self, frame: usize) {
        if self.quiet == 0 {
            self.holds.push(Hold { frame, front: self.held.len() + 1 });
        }
    }

    pub(super) fn top_hold(&self) -> Option<Hold> {
        self.holds.last().copied()
    }

    pub(super) fn release(&mut self) {
        self.holds.pop();
        self.flush();
    }

    /// Notes that what is emitted from now on belongs to the next value.
    pub(super) fn begin_value(&mut self) {
        self.value_from = self.held.len();
    }

    /// Moves the changes of the last value, which says more about the alternatives of `frame`, before
    /// those of the other properties.
    pub(super) fn move_to_front(&mut self, frame: usize) {
        let Some(hold) = self.holds.last_mut() else { return };
        let count = self.held.len().saturating_sub(self.value_from);
        if hold.frame == frame && hold.front <= self.value_from {
            self.held[hold.front..].rotate_right(count);
            hold.front += count;
        }
    }

    fn flush(&mut self) {
        if self.is_committed && self.holds.is_empty() {
            super::merge::merge(&mut self.held, &mut self.changes);
        }
    }

    /// Forgets a value that does not count.
    pub(super) fn reset(&mut self) {
        self.truncate(0);
        self.quiet = 0;
        self.held.clear();
        self.holds.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.path.len()
    }

    pub(super) fn push(&mut self, segment: Segment) {
        self.path.push(segment);
        self.shared = None;
    }

    /// Steps into the value of a property with a state.
    pub(super) fn push_value(&mut self) {
        self.added.push(self.path.len());
        self.push(Segment::Key(Arc::from("value")));
    }

    pub(super) fn truncate(&mut self, len: usize) {
        if self.path.len() > len {
            self.path.truncate(len);
            self.shared = None;
            while self.added.last().is_some_and(|at| *at >= len) {
                self.added.pop();
            }
        }
    }

    fn shared_path(&mut self) -> Path {
        self.shared.get_or_insert_with(|| Path::from(self.path.as_slice())).clone()
    }

    /// Returns the first `len` segments and `last`, without the segments that `state` adds.
    pub(super) fn plain_path(&self, len: usize, last: Option<Segment>) -> Path {
        let plain = self.path.iter().take(len).enumerate();
        plain
            .filter(|(at, _)| !self.added.contains(at))
            .map(|(_, segment)| segment.clone())
            .chain(last)
            .collect()
    }
}
