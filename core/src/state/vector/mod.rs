//! The persistent list.
//!
//! It stands on `rpds::VectorSync`. With 100 000 messages of 200 bytes a clone costs 14 ns (imbl 7.0: 74), a push on a
//! clone 0.8 µs (imbl 1.3, `Arc<Vec>` 7900). With 4 KB messages it stays at 0.8 µs, because rpds shares elements where
//! imbl copies up to 63 of them (5.1 µs). The price: 44 ns for a push in place (imbl 7–12), 6 to read an element (imbl 3).
//! rpds is MIT and has no `unsafe` of its own; im is archived (RUSTSEC-2026-0248). The lineage below adds 7 ns to a
//! clone and 1 ns to a push. Measure again with `cargo run --release -p bench-vector`.

mod iter;
mod lineage;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
mod traits;

pub use self::iter::{IntoIter, Iter};

use self::lineage::Lineage;
use rpds::VectorSync;

/// A persistent list: cheap to snapshot, to append to, and to log.
///
/// A clone shares everything with its source and costs a few nanoseconds, whatever the length. A change copies the
/// path to the changed place, at most some dozen pointers on each of log₃₂ *n* levels; elements stay shared.
/// The costs below are in this sense "logarithmic": four levels hold a million elements.
///
/// A list also remembers which elements it has in common with the list it was cloned from. So a commit finds what to
/// log in time that depends on the appended tail only; see [`kept_prefix_of`](Self::kept_prefix_of). Elements are
/// expected not to change behind a shared reference (no `Mutex` inside): such a change would not reach the log.
///
/// ```
/// use burdock::Vector;
///
/// let yesterday: Vector<&str> = ["hello", "hi"].into();
/// let mut today = yesterday.clone();
/// today.push_back("how are you?");
///
/// assert_eq!(yesterday.len(), 2);
/// assert_eq!(today.last(), Some(&"how are you?"));
/// assert_eq!(today.kept_prefix_of(&yesterday), 2);
/// ```
pub struct Vector<T> {
    list: VectorSync<T>,
    lineage: Lineage,
}

impl<T> Vector<T> {
    /// Makes an empty list. Allocates one empty node.
    pub fn new() -> Self {
        Self { list: VectorSync::new_sync(), lineage: Lineage::of_empty() }
    }

    /// Returns the number of elements, in constant time.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Tells whether the list has no elements, in constant time.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Returns the element at `index`, in logarithmic time.
    pub fn get(&self, index: usize) -> Option<&T> {
        self.list.get(index)
    }

    /// Returns the first element, in logarithmic time.
    pub fn first(&self) -> Option<&T> {
        self.list.first()
    }

    /// Returns the last element, in logarithmic time.
    pub fn last(&self) -> Option<&T> {
        self.list.last()
    }

    /// Iterates over the elements from both ends, in constant time per element.
    ///
    /// The last few are found fastest from behind:
    /// ```
    /// # use burdock::Vector;
    /// let list: Vector<u32> = (0..1000).collect();
    /// assert_eq!(list.iter().rev().take(2).collect::<Vec<_>>(), [&999, &998]);
    /// ```
    pub fn iter(&self) -> Iter<'_, T> {
        Iter((&self.list).into_iter())
    }

    /// Appends an element, in logarithmic time. Neither needs nor makes a copy of any element.
    pub fn push_back(&mut self, value: T) {
        self.lineage.change(self.len(), self.len());
        self.list.push_back_mut(value);
    }

    /// Shortens the list to `len` elements, in logarithmic time per element dropped. Does nothing if it is not longer.
    ///
    /// ```
    /// # use burdock::Vector;
    /// let mut list = Vector::from([1, 2, 3]);
    /// list.truncate(1);
    /// assert_eq!(list, Vector::from([1]));
    /// ```
    pub fn truncate(&mut self, len: usize) {
        if len < self.len() {
            self.lineage.change(self.len(), len);
            while self.len() > len {
                self.list.drop_last_mut();
            }
        }
    }

    /// Removes all elements. They are dropped unless a clone still has them.
    pub fn clear(&mut self) {
        *self = Self::new();
    }

    /// Returns the length of a prefix that is known to be the same in `self` and `old`, without looking into elements.
    ///
    /// When one list was made from the other, or both from a third, by cloning and then changing, this takes constant
    /// time plus the number of shared elements behind the first change. It remembers two ancestors; lists of farther
    /// or no kinship are compared element by element, by address. The common prefix may be longer than the answer
    /// where equal elements were put in anew, and never is shorter.
    ///
    /// ```
    /// # use burdock::Vector;
    /// let old: Vector<u32> = (0..1000).collect();
    /// let mut new = old.clone();
    /// new.truncate(900);
    /// new.push_back(7);
    /// assert_eq!(new.kept_prefix_of(&old), 900);
    /// ```
    pub fn kept_prefix_of(&self, old: &Self) -> usize {
        let mut kept = self.lineage.common(self.len(), &old.lineage, old.len());
        while let (Some(mine), Some(theirs)) = (self.get(kept), old.get(kept))
            && std::ptr::eq(mine, theirs)
        {
            kept += 1;
        }
        kept
    }
}

impl<T: Clone> Vector<T> {
    /// Returns the element at `index` for changing, in logarithmic time. Clones that element if another list has it.
    ///
    /// The log will hear of everything from the first such element on, so changes near the end cost least.
    /// ```
    /// # use burdock::Vector;
    /// let mut list = Vector::from(["a", "b"]);
    /// if let Some(last) = list.get_mut(1) {
    ///     *last = "c";
    /// }
    /// assert_eq!(list, Vector::from(["a", "c"]));
    /// ```
    pub fn get_mut(&mut self, index: usize) -> Option<&mut T> {
        if index < self.len() {
            self.lineage.change(self.len(), index);
        }
        self.list.get_mut(index)
    }

    /// Removes the last element and returns a clone of it, in logarithmic time.
    ///
    /// ```
    /// # use burdock::Vector;
    /// let mut list = Vector::from([1, 2]);
    /// assert_eq!(list.pop_back(), Some(2));
    /// assert_eq!(list.len(), 1);
    /// ```
    pub fn pop_back(&mut self) -> Option<T> {
        let last = self.last()?.clone();
        self.truncate(self.len() - 1);
        Some(last)
    }
}
