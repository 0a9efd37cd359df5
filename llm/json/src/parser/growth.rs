//! Emission of changes: their paths, and the changes that are held back.

use crate::change::{Change, Edit, Path, Segment};
use std::sync::Arc;

#[derive(Debug, Default)]
pub(super) struct Growth {
    /// Changes for the caller.
    pub(super) changes: Vec<Change>,
    /// Path of the current value, including the segments that `state` adds.
    path: Vec<Segment>,
    /// Positions in `path` of the segments that `state` adds.
    added: Vec<usize>,
    /// Cached copy of `path`, until it changes.
    shared: Option<Path>,
    /// While above zero, no change is emitted.
    quiet: usize,
    /// Changes that are held by `holds` or because the value is still provisional.
    held: Vec<Change>,
    /// Index in `held` of the first change of the last value.
    value_from: usize,
    holds: Vec<Hold>,
    /// Whether the value is no longer provisional.
    pub(super) is_committed: bool,
}

/// An open object or list whose changes are held.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hold {
    /// Index in the parser's stack.
    pub(super) frame: usize,
    /// Index in `held` after its opening and after the changes that were moved to the front.
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

    /// Marks the value as no longer provisional, and emits its changes.
    pub(super) fn commit(&mut self) {
        if !self.is_committed {
            self.is_committed = true;
            self.flush();
        }
    }

    /// Starts to hold changes: the opening of an object or list, and the changes below it.
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

    /// Marks the start of the changes of the next value.
    pub(super) fn start_value(&mut self) {
        self.value_from = self.held.len();
    }

    /// Moves the changes of the last value, which narrowed the alternatives of `frame`, before those of
    /// the other properties.
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

    /// Discards a rejected value.
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

    /// Enters the value of a property with a state.
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
