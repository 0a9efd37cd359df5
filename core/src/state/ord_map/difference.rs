//! The difference of two maps, found without visiting the subtrees that they share.

use super::tree::{Entry, Node, Tree};
use std::{cmp::Ordering, sync::Arc};

/// The entry of a key in the old map and in the new one.
pub(crate) type Change<'a, K, V> = (Option<&'a (K, V)>, Option<&'a (K, V)>);

/// An iterator over the entries that two maps do not share, in the order of their keys.
///
/// Shared subtrees are skipped, so the time is proportional to the number of changes since one map was cloned from the
/// other, times the depth.
pub(crate) struct Difference<'a, K, V> {
    old: Vec<Part<'a, K, V>>,
    new: Vec<Part<'a, K, V>>,
}

/// A part of a map that has not been compared yet. The next one is the last of the stack.
enum Part<'a, K, V> {
    Tree(&'a Arc<Node<K, V>>),
    Entry(&'a Entry<K, V>),
}

impl<'a, K, V> Difference<'a, K, V> {
    pub(super) fn new(old: &'a Tree<K, V>, new: &'a Tree<K, V>) -> Self {
        let parts = |tree: &'a Tree<K, V>| tree.iter().map(Part::Tree).collect();
        Self { old: parts(old), new: parts(new) }
    }
}

impl<'a, K: Ord, V> Iterator for Difference<'a, K, V> {
    type Item = Change<'a, K, V>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match (self.old.last(), self.new.last()) {
                (Some(Part::Tree(old)), Some(Part::Tree(new))) => {
                    if Arc::ptr_eq(old, new) {
                        self.old.pop();
                        self.new.pop();
                    } else if old.len() > new.len() {
                        expand(&mut self.old);
                    } else {
                        expand(&mut self.new);
                    }
                }
                (Some(Part::Tree(_)), _) => expand(&mut self.old),
                (_, Some(Part::Tree(_))) => expand(&mut self.new),
                (Some(Part::Entry(old)), Some(Part::Entry(new))) => {
                    let (old, new): (&'a Entry<K, V>, &'a Entry<K, V>) = (old, new);
                    let order = old.0.cmp(&new.0);
                    if order.is_le() {
                        self.old.pop();
                    }
                    if order.is_ge() {
                        self.new.pop();
                    }
                    match order {
                        Ordering::Less => return Some((Some(&**old), None)),
                        Ordering::Greater => return Some((None, Some(&**new))),
                        Ordering::Equal if Arc::ptr_eq(old, new) => {}
                        Ordering::Equal => return Some((Some(&**old), Some(&**new))),
                    }
                }
                (Some(Part::Entry(old)), None) => {
                    let old: &'a Entry<K, V> = old;
                    self.old.pop();
                    return Some((Some(&**old), None));
                }
                (None, Some(Part::Entry(new))) => {
                    let new: &'a Entry<K, V> = new;
                    self.new.pop();
                    return Some((None, Some(&**new)));
                }
                (None, None) => return None,
            }
        }
    }
}

/// Replaces the last tree of the stack with its subtrees and its entry.
fn expand<K, V>(parts: &mut Vec<Part<'_, K, V>>) {
    if let Some(Part::Tree(node)) = parts.pop() {
        parts.extend(node.right.as_ref().map(Part::Tree));
        parts.push(Part::Entry(&node.entry));
        parts.extend(node.left.as_ref().map(Part::Tree));
    }
}
