//! Which elements two lists have in common, without comparing them.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What a list knows about its kin: enough to tell, without comparing elements, how long a prefix two lists share.
///
/// A `version` names a content: lists with the same one have the same elements. It is renewed by the first change
/// after a clone, for only a clone can have seen it; the changes that follow cost a branch.
pub(super) struct Lineage {
    pub(super) version: u64,
    /// Whether another list may have this `version`. Atomic only because `clone` has no more than `&self`; `change`
    /// has `&mut self`, which comes after every `clone`, so relaxed accesses are enough.
    shared: AtomicBool,
    /// The list this one was cloned from.
    origin: Ancestor,
    /// This list before its last change after being cloned; until then, the origin of the list it was cloned from.
    recent: Ancestor,
}

/// A content of which some list has the first `kept` elements.
#[derive(Clone, Copy)]
struct Ancestor {
    version: u64,
    kept: usize,
}

impl Lineage {
    /// The lineage of every new list: while they are empty, all share the version 0.
    pub(super) fn of_empty() -> Self {
        let nothing = Ancestor { version: 0, kept: 0 };
        Self { version: 0, shared: AtomicBool::new(true), origin: nothing, recent: nothing }
    }

    /// Notes that the list, which has `len` elements, is about to change at `index` and perhaps behind it.
    pub(super) fn change(&mut self, len: usize, index: usize) {
        if *self.shared.get_mut() {
            self.renew(len);
        }
        self.origin.kept = self.origin.kept.min(index);
        self.recent.kept = self.recent.kept.min(index);
    }

    #[cold]
    fn renew(&mut self, len: usize) {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        if self.origin.version != self.version {
            self.recent = Ancestor { version: self.version, kept: len };
        }
        self.version = NEXT.fetch_add(1, Ordering::Relaxed);
        *self.shared.get_mut() = false;
    }

    /// The lineage of a clone of the list, which has `len` elements.
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

    /// The longest prefix that both lists have kept of an ancestor they share, where each counts as its own ancestor.
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
