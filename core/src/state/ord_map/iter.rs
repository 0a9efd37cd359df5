//! Iterators over the entries of a map.

use super::{
    OrdMap,
    tree::{Node, Tree, len},
};
use std::{
    borrow::Borrow,
    fmt,
    iter::FusedIterator,
    ops::{Bound, RangeBounds},
};

/// An iterator over the entries of an [`OrdMap`], in the order of their keys.
#[must_use = "iterators do nothing unless they are consumed"]
pub struct Iter<'a, K, V> {
    /// The nodes whose entry and right subtree have not been visited; the next one is the last.
    front: Vec<&'a Node<K, V>>,
    /// The nodes whose entry and left subtree have not been visited from the end; the next one is the last.
    back: Vec<&'a Node<K, V>>,
    left: usize,
}

impl<'a, K, V> Iter<'a, K, V> {
    pub(super) fn new(tree: &'a Tree<K, V>) -> Self {
        let mut iter = Self { front: Vec::new(), back: Vec::new(), left: len(tree) };
        iter.descend_left(tree);
        iter.descend_right(tree);
        iter
    }

    /// Creates an iterator over the entries whose keys are in a range.
    pub(super) fn range<Q: Ord + ?Sized>(tree: &'a Tree<K, V>, range: &impl RangeBounds<Q>) -> Self
    where
        K: Borrow<Q>,
    {
        let before = |node: &Node<K, V>| match range.start_bound() {
            Bound::Included(start) => node.entry.0.borrow() < start,
            Bound::Excluded(start) => node.entry.0.borrow() <= start,
            Bound::Unbounded => false,
        };
        let after = |node: &Node<K, V>| match range.end_bound() {
            Bound::Included(end) => node.entry.0.borrow() > end,
            Bound::Excluded(end) => node.entry.0.borrow() >= end,
            Bound::Unbounded => false,
        };
        let (mut front, mut back) = (Vec::new(), Vec::new());
        let (mut skipped, mut cut) = (0, 0);
        let mut next = tree;
        while let Some(node) = next {
            next = if before(node) {
                skipped += len(&node.left) + 1;
                &node.right
            } else {
                front.push(&**node);
                &node.left
            };
        }
        next = tree;
        while let Some(node) = next {
            next = if after(node) {
                cut += len(&node.right) + 1;
                &node.left
            } else {
                back.push(&**node);
                &node.right
            };
        }
        Self { front, back, left: len(tree).saturating_sub(skipped + cut) }
    }

    fn descend_left(&mut self, mut tree: &'a Tree<K, V>) {
        while let Some(node) = tree {
            self.front.push(node);
            tree = &node.left;
        }
    }

    fn descend_right(&mut self, mut tree: &'a Tree<K, V>) {
        while let Some(node) = tree {
            self.back.push(node);
            tree = &node.right;
        }
    }
}

impl<'a, K, V> Iterator for Iter<'a, K, V> {
    type Item = (&'a K, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let node = self.front.pop()?;
        self.descend_left(&node.right);
        Some((&node.entry.0, &node.entry.1))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

impl<K, V> DoubleEndedIterator for Iter<'_, K, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left = self.left.checked_sub(1)?;
        let node = self.back.pop()?;
        self.descend_right(&node.left);
        Some((&node.entry.0, &node.entry.1))
    }
}

impl<K, V> ExactSizeIterator for Iter<'_, K, V> {}

impl<K, V> FusedIterator for Iter<'_, K, V> {}

impl<K, V> Clone for Iter<'_, K, V> {
    fn clone(&self) -> Self {
        Self { front: self.front.clone(), back: self.back.clone(), left: self.left }
    }
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for Iter<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.clone()).finish()
    }
}

impl<'a, K, V> IntoIterator for &'a OrdMap<K, V> {
    type Item = (&'a K, &'a V);
    type IntoIter = Iter<'a, K, V>;

    fn into_iter(self) -> Iter<'a, K, V> {
        self.iter()
    }
}
