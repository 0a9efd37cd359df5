//! The common prefix of two lists, found without comparing elements.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The ancestors of a list, from which the length of the prefix that it shares with another list is computed.
///
/// A `version` identifies the content: lists with the same version have the same elements. The first change after a
/// clone assigns a new version; further changes cost only a branch, because no other list has their version.
pub(super) struct Lineage {
    pub(super) version: u64,
    /// Whether another list may have this `version`. It is atomic only because `clone` takes `&self`. `change` takes
    /// `&mut self`, which happens after every `clone`, so relaxed accesses are enough.
    shared: AtomicBool,
    /// The list from which this one was cloned.
    origin: Ancestor,
    /// This list as of its latest clone that was followed by a change. Initially the origin of the list from which this
    /// one was cloned.
    recent: Ancestor,
}

/// A version of a list, of which another list has kept the first `kept` elements.
#[derive(Clone, Copy)]
struct Ancestor {
    version: u64,
    kept: usize,
}

impl Lineage {
    /// Returns the lineage of a new list. All empty new lists share version 0.
    pub(super) fn of_empty() -> Self {
        let nothing = Ancestor { version: 0, kept: 0 };
        Self { version: 0, shared: AtomicBool::new(true), origin: nothing, recent: nothing }
    }

    /// Records that a list with `len` elements is about to change at `index`, and possibly after it.
    pub(super) fn change(&mut self, len: usize, index: usize) {
        if *self.shared.get_mut() {
            self.assign_version(len);
        }
        self.origin.kept = self.origin.kept.min(index);
        self.recent.kept = self.recent.kept.min(index);
    }

    #[cold]
    fn assign_version(&mut self, len: usize) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.origin.version != self.version {
            self.recent = Ancestor { version: self.version, kept: len };
        }
        self.version = NEXT.fetch_add(1, Ordering::Relaxed);
        *self.shared.get_mut() = false;
    }

    /// Returns the lineage of a clone of a list with `len` elements.
    pub(super) fn fork(&self, len: usize) -> Self {
        if !self.shared.load(Ordering::Relaxed) {
            self.shared.store(true, Ordering::Relaxed);
        }
        let unchanged = self.origin.version == self.version;
        Self {
            version: self.version,
            shared: AtomicBool::new(true),
            origin: Ancestor { version: self.version, kept: len },
            recent: if unchanged { self.recent } else { self.origin },
        }
    }

    /// Returns the length of the longest prefix that both lists have kept of a common ancestor. A list counts as its
    /// own ancestor.
    pub(super) fn common(&self, len: usize, other: &Self, other_len: usize) -> usize {
        let theirs = other.ancestors(other_len);
        let pairs = self.ancestors(len).into_iter().flat_map(|a| theirs.map(|b| (a, b)));
        pairs
            .filter(|(a, b)| a.version == b.version)
            .map(|(a, b)| a.kept.min(b.kept))
            .max()
            .unwrap_or(0)
    }

    fn ancestors(&self, len: usize) -> [Ancestor; 3] {
        [Ancestor { version: self.version, kept: len }, self.origin, self.recent]
    }
}
