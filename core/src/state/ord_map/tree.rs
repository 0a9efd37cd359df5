//! The weight-balanced tree of the map (Adams 1993, with the parameters of Hirai and Yamamoto 2011).
//!
//! Neither subtree of a node weighs more than three times as much as the other one, where the weight of a tree
//! is its number of entries plus one. Changes copy only the nodes on the path that another tree shares.

use std::{borrow::Borrow, cmp::Ordering, mem, sync::Arc};

/// An entry, which maps can share.
pub(super) type Entry<K, V> = Arc<(K, V)>;

/// A tree, which may be empty.
pub(super) type Tree<K, V> = Option<Arc<Node<K, V>>>;

pub(super) struct Node<K, V> {
    pub(super) entry: Entry<K, V>,
    pub(super) left: Tree<K, V>,
    pub(super) right: Tree<K, V>,
    /// The number of entries in the tree with this root.
    len: usize,
}

impl<K, V> Clone for Node<K, V> {
    fn clone(&self) -> Self {
        let Self { entry, left, right, len } = self;
        Self { entry: Arc::clone(entry), left: left.clone(), right: right.clone(), len: *len }
    }
}

impl<K, V> Node<K, V> {
    /// The maximum ratio of the weights of two sibling subtrees.
    const DELTA: usize = 3;
    /// The ratio of the weights of the inner and the outer subtree of the heavier one from which a double rotation is
    /// needed.
    const GAMMA: usize = 2;

    pub(super) fn len(&self) -> usize {
        self.len
    }

    fn update_len(&mut self) {
        self.len = len(&self.left) + len(&self.right) + 1;
    }

    /// Restores the balance after one entry was inserted or removed below.
    fn balance(&mut self) {
        let (left, right) = (weight(&self.left), weight(&self.right));
        if right > Self::DELTA * left {
            if let Some(heavy) = &mut self.right
                && weight(&heavy.left) >= Self::GAMMA * weight(&heavy.right)
            {
                Arc::make_mut(heavy).rotate_right();
            }
            self.rotate_left();
        } else if left > Self::DELTA * right {
            if let Some(heavy) = &mut self.left
                && weight(&heavy.right) >= Self::GAMMA * weight(&heavy.left)
            {
                Arc::make_mut(heavy).rotate_left();
            }
            self.rotate_right();
        } else {
            self.update_len();
        }
    }

    /// Rotates to the left: the right child becomes the root.
    fn rotate_left(&mut self) {
        if let Some(mut top) = self.right.take() {
            let node = Arc::make_mut(&mut top);
            self.right = node.left.take();
            self.update_len();
            mem::swap(self, node);
            self.left = Some(top);
        }
        self.update_len();
    }

    /// Rotates to the right: the left child becomes the root.
    fn rotate_right(&mut self) {
        if let Some(mut top) = self.left.take() {
            let node = Arc::make_mut(&mut top);
            self.left = node.right.take();
            self.update_len();
            mem::swap(self, node);
            self.right = Some(top);
        }
        self.update_len();
    }
}

pub(super) fn len<K, V>(tree: &Tree<K, V>) -> usize {
    tree.as_ref().map_or(0, |node| node.len)
}

fn weight<K, V>(tree: &Tree<K, V>) -> usize {
    len(tree) + 1
}

/// Returns the entry of a key.
pub(super) fn find<'t, K, V, Q>(mut tree: &'t Tree<K, V>, key: &Q) -> Option<&'t Entry<K, V>>
where
    K: Borrow<Q>,
    Q: Ord + ?Sized,
{
    while let Some(node) = tree {
        tree = match key.cmp(node.entry.0.borrow()) {
            Ordering::Less => &node.left,
            Ordering::Greater => &node.right,
            Ordering::Equal => return Some(&node.entry),
        };
    }
    None
}

/// Returns the entry of a key, after copying the shared nodes on the path to it. The tree must have the key.
pub(super) fn find_mut<'t, K, V, Q>(
    tree: &'t mut Tree<K, V>,
    key: &Q,
) -> Option<&'t mut Entry<K, V>>
where
    K: Borrow<Q>,
    Q: Ord + ?Sized,
{
    let node = Arc::make_mut(tree.as_mut()?);
    match key.cmp(node.entry.0.borrow()) {
        Ordering::Less => find_mut(&mut node.left, key),
        Ordering::Greater => find_mut(&mut node.right, key),
        Ordering::Equal => Some(&mut node.entry),
    }
}

/// Inserts an entry, and returns the one that it replaces.
pub(super) fn insert<K: Ord, V>(tree: &mut Tree<K, V>, entry: Entry<K, V>) -> Option<Entry<K, V>> {
    let Some(node) = tree else {
        *tree = Some(Arc::new(Node { entry, left: None, right: None, len: 1 }));
        return None;
    };
    let node = Arc::make_mut(node);
    let replaced = match entry.0.cmp(&node.entry.0) {
        Ordering::Less => insert(&mut node.left, entry),
        Ordering::Greater => insert(&mut node.right, entry),
        Ordering::Equal => return Some(mem::replace(&mut node.entry, entry)),
    };
    node.balance();
    replaced
}

/// Removes the entry of a key. Copies the path to its place, even if the tree does not have the key.
pub(super) fn remove<K, V, Q>(tree: &mut Tree<K, V>, key: &Q) -> Option<Entry<K, V>>
where
    K: Borrow<Q>,
    Q: Ord + ?Sized,
{
    let node = Arc::make_mut(tree.as_mut()?);
    let removed = match key.cmp(node.entry.0.borrow()) {
        Ordering::Less => remove(&mut node.left, key),
        Ordering::Greater => remove(&mut node.right, key),
        Ordering::Equal => {
            let (left, right) = (node.left.take(), node.right.take());
            let removed = Arc::clone(&node.entry);
            *tree = join(left, right);
            return Some(removed);
        }
    };
    node.balance();
    removed
}

/// Joins the subtrees of a removed node.
fn join<K, V>(mut left: Tree<K, V>, mut right: Tree<K, V>) -> Tree<K, V> {
    let next = if len(&left) > len(&right) { pop_last(&mut left) } else { pop_first(&mut right) };
    let Some(entry) = next else { return left.or(right) };
    let mut node = Node { entry, left, right, len: 0 };
    node.balance();
    Some(Arc::new(node))
}

fn pop_first<K, V>(tree: &mut Tree<K, V>) -> Option<Entry<K, V>> {
    let node = Arc::make_mut(tree.as_mut()?);
    if let Some(first) = pop_first(&mut node.left) {
        node.balance();
        return Some(first);
    }
    let (first, rest) = (Arc::clone(&node.entry), node.right.take());
    *tree = rest;
    Some(first)
}

fn pop_last<K, V>(tree: &mut Tree<K, V>) -> Option<Entry<K, V>> {
    let node = Arc::make_mut(tree.as_mut()?);
    if let Some(last) = pop_last(&mut node.right) {
        node.balance();
        return Some(last);
    }
    let (last, rest) = (Arc::clone(&node.entry), node.left.take());
    *tree = rest;
    Some(last)
}

#[cfg(test)]
impl<K: Ord, V> Node<K, V> {
    /// Checks the order, the balance and the lengths.
    pub(super) fn check(&self) {
        let (left, right) = (weight(&self.left), weight(&self.right));
        assert!(left <= Self::DELTA * right && right <= Self::DELTA * left, "{left}, {right}");
        assert_eq!(self.len, len(&self.left) + len(&self.right) + 1);
        if let Some(node) = &self.left {
            assert!(node.entry.0 < self.entry.0);
            node.check();
        }
        if let Some(node) = &self.right {
            assert!(node.entry.0 > self.entry.0);
            node.check();
        }
    }
}
