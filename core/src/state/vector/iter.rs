//! Iterators over a list.

use super::Vector;
use rpds::VectorSync;
use std::{fmt, iter::FusedIterator, ops::Range};

/// An iterator over references to the elements of a [`Vector`].
#[must_use = "iterators do nothing unless they are consumed"]
pub struct Iter<'a, T>(pub(super) <&'a VectorSync<T> as IntoIterator>::IntoIter);

impl<'a, T> Iterator for Iter<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        self.0.next()
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.0.size_hint()
    }
}

impl<T> DoubleEndedIterator for Iter<'_, T> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.0.next_back()
    }
}

impl<T> ExactSizeIterator for Iter<'_, T> {}

impl<T> FusedIterator for Iter<'_, T> {}

impl<T: fmt::Debug> fmt::Debug for Iter<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter").field("left", &self.len()).finish_non_exhaustive()
    }
}

/// An iterator over clones of the elements of a [`Vector`]. It clones them because other lists may share them.
#[must_use = "iterators do nothing unless they are consumed"]
pub struct IntoIter<T> {
    list: VectorSync<T>,
    left: Range<usize>,
}

impl<T: Clone> Iterator for IntoIter<T> {
    type Item = T;

    fn next(&mut self) -> Option<T> {
        self.left.next().and_then(|index| self.list.get(index).cloned())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }
}

impl<T: Clone> DoubleEndedIterator for IntoIter<T> {
    fn next_back(&mut self) -> Option<T> {
        self.left.next_back().and_then(|index| self.list.get(index).cloned())
    }
}

impl<T: Clone> ExactSizeIterator for IntoIter<T> {}

impl<T: Clone> FusedIterator for IntoIter<T> {}

impl<T> fmt::Debug for IntoIter<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("IntoIter").field("left", &self.left.len()).finish_non_exhaustive()
    }
}

impl<'a, T> IntoIterator for &'a Vector<T> {
    type Item = &'a T;
    type IntoIter = Iter<'a, T>;

    fn into_iter(self) -> Iter<'a, T> {
        self.iter()
    }
}

impl<T: Clone> IntoIterator for Vector<T> {
    type Item = T;
    type IntoIter = IntoIter<T>;

    /// Returns an iterator over clones of the elements, in logarithmic time per element. Prefer `&list` if
    /// references are enough.
    fn into_iter(self) -> IntoIter<T> {
        IntoIter { left: 0..self.len(), list: self.list }
    }
}
