//! The persistent ordered map.
//!
//! It has its own tree because a commit needs the entries in which two maps differ, in time that depends only on the
//! changes. `rpds::RedBlackTreeMap` gives no access to its nodes, so all entries would have to be compared.
//! `imbl::OrdMap` has a difference, but clones the keys and values of the nodes that it changes.

mod difference;
mod entry;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]
mod entry_tests;
mod iter;
#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test may panic")]
mod tests;
mod traits;
mod tree;

pub use self::entry::{Entry, OccupiedEntry, VacantEntry};
pub use self::iter::Iter;

use self::{difference::Difference, tree::Tree};
use std::{borrow::Borrow, fmt, ops::RangeBounds, sync::Arc};

/// A persistent ordered map: cheap to snapshot, to change, and to log.
///
/// A clone shares everything with its source and costs a few nanoseconds, for any number of entries. A change copies
/// the path to the changed entry, a few pointers on each of about log₂ *n* levels; keys and values stay shared. This
/// is the meaning of "logarithmic" below. The entries are in the order of their keys.
///
/// A commit logs the entries that changed. It finds them without visiting those that the map shares with the
/// committed one. Values must not change behind a shared reference (for example through a `Mutex`): such a change
/// would not be logged.
///
/// In JSON a map is an object, so keys must be types that `serde_json` accepts as keys: strings, numbers, booleans,
/// unit variants, and newtypes of these. Each key must be read back as an equal one; a commit or an initial state with
/// another key is an error.
///
/// ```
/// use burdock::OrdMap;
///
/// let yesterday = OrdMap::from([("tea", 2), ("soup", 5)]);
/// let today = yesterday.with("coffee", 3).without("soup");
///
/// assert_eq!(yesterday.get("soup"), Some(&5));
/// assert_eq!(today.keys().collect::<Vec<_>>(), [&"coffee", &"tea"]);
/// ```
pub struct OrdMap<K, V> {
    tree: Tree<K, V>,
}

impl<K, V> OrdMap<K, V> {
    /// Creates an empty map. Does not allocate.
    pub const fn new() -> Self {
        Self { tree: None }
    }

    /// Returns the number of entries, in constant time.
    pub fn len(&self) -> usize {
        tree::len(&self.tree)
    }

    /// Returns whether the map has no entries, in constant time.
    pub fn is_empty(&self) -> bool {
        self.tree.is_none()
    }

    /// Returns a double-ended iterator over the entries, in the order of their keys.
    pub fn iter(&self) -> Iter<'_, K, V> {
        Iter::new(&self.tree)
    }

    /// Returns a double-ended iterator over the keys, in their order.
    pub fn keys(&self) -> impl DoubleEndedIterator<Item = &K> + ExactSizeIterator {
        self.iter().map(|(key, _)| key)
    }

    /// Returns a double-ended iterator over the values, in the order of their keys.
    pub fn values(&self) -> impl DoubleEndedIterator<Item = &V> + ExactSizeIterator {
        self.iter().map(|(_, value)| value)
    }

    /// Returns the entry with the smallest key, in logarithmic time.
    pub fn first_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next()
    }

    /// Returns the entry with the greatest key, in logarithmic time.
    pub fn last_key_value(&self) -> Option<(&K, &V)> {
        self.iter().next_back()
    }

    /// Removes all entries. They are dropped unless a clone still has them.
    pub fn clear(&mut self) {
        self.tree = None;
    }
}

impl<K: Ord, V> OrdMap<K, V> {
    /// Returns the value of a key, in logarithmic time.
    pub fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        tree::find(&self.tree, key).map(|entry| &entry.1)
    }

    /// Returns whether the map has a key, in logarithmic time.
    pub fn contains_key<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        tree::find(&self.tree, key).is_some()
    }

    /// Returns a double-ended iterator over the entries whose keys are in a range. It is empty if the range ends before
    /// it starts.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let squares: OrdMap<u32, u32> = (0..100).map(|n| (n, n * n)).collect();
    /// assert_eq!(squares.range(7..).next(), Some((&7, &49)));
    /// assert_eq!(squares.range(2..5).len(), 3);
    /// ```
    pub fn range<Q: Ord + ?Sized>(&self, range: impl RangeBounds<Q>) -> Iter<'_, K, V>
    where
        K: Borrow<Q>,
    {
        Iter::range(&self.tree, &range)
    }

    /// Returns the map with a value for a key, in logarithmic time. The map itself is unchanged.
    ///
    /// This is the shortest way to change a field in the `Writes` of an action:
    /// ```
    /// # use burdock::prelude::*;
    /// # use serde::{Deserialize, Serialize};
    /// # #[derive(State, Clone, Default, Serialize, Deserialize)]
    /// # pub struct Shop { pub stock: OrdMap<String, u32> }
    /// #[action(state = Shop, reads(stock), writes(stock))]
    /// async fn deliver(shop: Reads<'_>, #[input] item: &String, count: u32) -> Result<Writes> {
    ///     let before = shop.stock.get(item).copied().unwrap_or(0);
    ///     Ok(Writes { stock: shop.stock.with(item.clone(), before + count) })
    /// }
    /// ```
    #[must_use = "the map itself is unchanged"]
    pub fn with(&self, key: K, value: V) -> Self {
        let mut map = self.clone();
        map.put(key, value);
        map
    }

    /// Returns the map without a key, in logarithmic time. The map itself is unchanged.
    #[must_use = "the map itself is unchanged"]
    pub fn without<Q: Ord + ?Sized>(&self, key: &Q) -> Self
    where
        K: Borrow<Q>,
    {
        let mut map = self.clone();
        map.take(key);
        map
    }

    /// Keeps the entries for which `keep` returns `true`. `keep` is called once with each entry, in the order of the
    /// keys.
    pub fn retain(&mut self, mut keep: impl FnMut(&K, &V) -> bool) {
        let old = self.clone();
        for (key, _) in old.iter().filter(|(key, value)| !keep(key, value)) {
            self.take(key);
        }
    }

    /// Returns the entry of a key, through which its value can be read, inserted, changed or removed, each in
    /// logarithmic time.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let mut words: OrdMap<&str, u32> = OrdMap::new();
    /// for word in ["tea", "soup", "tea"] {
    ///     *words.entry(word).or_default() += 1;
    /// }
    /// assert_eq!(words, OrdMap::from([("soup", 1), ("tea", 2)]));
    /// ```
    pub fn entry(&mut self, key: K) -> Entry<'_, K, V> {
        Entry::new(self, key)
    }

    fn put(&mut self, key: K, value: V) -> Option<tree::Entry<K, V>> {
        tree::insert(&mut self.tree, Arc::new((key, value)))
    }

    fn take<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<tree::Entry<K, V>>
    where
        K: Borrow<Q>,
    {
        // removing a missing key copies nothing, so the map stays shared
        tree::find(&self.tree, key)?;
        tree::remove(&mut self.tree, key)
    }

    /// Returns an iterator over the entries that this map does not share with an older one, in the order of the keys. A
    /// replaced entry may be equal to the old one.
    pub(super) fn difference<'a>(&'a self, old: &'a Self) -> Difference<'a, K, V> {
        Difference::new(&old.tree, &self.tree)
    }
}

impl<K: Ord, V: Clone> OrdMap<K, V> {
    /// Inserts a value for a key, in logarithmic time, and returns the previous value: a clone, if another map has it.
    ///
    /// An equal key is replaced as well.
    pub fn insert(&mut self, key: K, value: V) -> Option<V> {
        self.put(key, value).map(value_of)
    }

    /// Removes a key, in logarithmic time, and returns its value: a clone, if another map has it.
    pub fn remove<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<V>
    where
        K: Borrow<Q>,
    {
        self.take(key).map(value_of)
    }

    /// Returns a mutable reference to the value of a key, in logarithmic time. Clones the entry if another map has it.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let mut stock = OrdMap::from([("tea".to_owned(), 2)]);
    /// if let Some(count) = stock.get_mut("tea") {
    ///     *count += 1;
    /// }
    /// assert_eq!(stock.get("tea"), Some(&3));
    /// ```
    pub fn get_mut<Q: Ord + ?Sized>(&mut self, key: &Q) -> Option<&mut V>
    where
        K: Borrow<Q> + Clone,
    {
        tree::find(&self.tree, key)?;
        tree::find_mut(&mut self.tree, key).map(|entry| &mut Arc::make_mut(entry).1)
    }
}

/// Returns the value of an entry, cloned if another map has the entry.
fn value_of<K, V: Clone>(entry: tree::Entry<K, V>) -> V {
    Arc::try_unwrap(entry).map_or_else(|entry| entry.1.clone(), |(_, value)| value)
}

impl<K: fmt::Debug, V: fmt::Debug> fmt::Debug for OrdMap<K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}
