//! The entry API of maps.

use super::{OrdMap, tree, value_of};
use std::{
    fmt::{self, Debug},
    sync::Arc,
};

/// A view into the entry of a key in an [`OrdMap`], which may be vacant. Created by [`OrdMap::entry`].
///
/// Nothing is copied until the entry is changed: after mere reads, the map is still shared with its clones.
#[must_use = "the map does not change until a value is inserted"]
pub enum Entry<'a, K, V> {
    /// The map has the key.
    Occupied(OccupiedEntry<'a, K, V>),
    /// The map does not have the key.
    Vacant(VacantEntry<'a, K, V>),
}

/// A view into an occupied entry of an [`OrdMap`], a variant of [`Entry`](super::Entry).
///
/// Each method looks the key up again, in logarithmic time.
pub struct OccupiedEntry<'a, K, V> {
    map: &'a mut OrdMap<K, V>,
    key: K,
}

/// A view into a vacant entry of an [`OrdMap`], a variant of [`Entry`](super::Entry).
pub struct VacantEntry<'a, K, V> {
    map: &'a mut OrdMap<K, V>,
    key: K,
}

impl<'a, K: Ord, V> Entry<'a, K, V> {
    pub(super) fn new(map: &'a mut OrdMap<K, V>, key: K) -> Self {
        if map.contains_key(&key) {
            Self::Occupied(OccupiedEntry { map, key })
        } else {
            Self::Vacant(VacantEntry { map, key })
        }
    }

    /// Returns the key: that of the map if it has the key, otherwise that passed to [`OrdMap::entry`].
    pub fn key(&self) -> &K {
        match self {
            Self::Occupied(entry) => entry.key(),
            Self::Vacant(entry) => entry.key(),
        }
    }
}

impl<'a, K: Ord + Clone, V: Clone> Entry<'a, K, V> {
    /// Inserts a value if there is none, and returns a mutable reference to the value of the key.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let mut stock = OrdMap::from([("tea", 2)]);
    /// *stock.entry("tea").or_insert(0) += 1;
    /// *stock.entry("soup").or_insert(5) += 1;
    /// assert_eq!(stock, OrdMap::from([("soup", 6), ("tea", 3)]));
    /// ```
    pub fn or_insert(self, default: V) -> &'a mut V {
        self.or_insert_with(|| default)
    }

    /// Inserts the result of a function if there is no value, and returns a mutable reference to the value of the key.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let mut baskets = OrdMap::from([(1, vec!["tea"])]);
    /// baskets.entry(2).or_insert_with(|| vec!["bag"]).push("soup");
    /// assert_eq!(baskets[&2], ["bag", "soup"]);
    /// ```
    pub fn or_insert_with(self, default: impl FnOnce() -> V) -> &'a mut V {
        self.or_insert_with_key(|_| default())
    }

    /// Inserts the result of a function of the key if there is no value, and returns a mutable reference to the value
    /// of the key.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let mut lengths = OrdMap::new();
    /// assert_eq!(lengths.entry("tea").or_insert_with_key(|key| key.len()), &3);
    /// ```
    pub fn or_insert_with_key(self, default: impl FnOnce(&K) -> V) -> &'a mut V {
        match self {
            Self::Occupied(entry) => entry.into_mut(),
            Self::Vacant(entry) => {
                let value = default(entry.key());
                entry.insert(value)
            }
        }
    }

    /// Inserts the default value if there is none, and returns a mutable reference to the value of the key.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let mut letters: OrdMap<char, u32> = OrdMap::new();
    /// for letter in "burdock".chars() {
    ///     *letters.entry(letter).or_default() += 1;
    /// }
    /// assert_eq!(letters[&'b'], 1);
    /// ```
    pub fn or_default(self) -> &'a mut V
    where
        V: Default,
    {
        self.or_insert_with(V::default)
    }

    /// Changes the value, if there is one. Clones the entry if another map has it.
    ///
    /// ```
    /// # use burdock::OrdMap;
    /// let mut stock = OrdMap::from([("tea", 2)]);
    /// for item in ["tea", "soup"] {
    ///     stock.entry(item).and_modify(|count| *count *= 2).or_insert(1);
    /// }
    /// assert_eq!(stock, OrdMap::from([("soup", 1), ("tea", 4)]));
    /// ```
    pub fn and_modify(mut self, change: impl FnOnce(&mut V)) -> Self {
        if let Self::Occupied(entry) = &mut self {
            change(entry.get_mut());
        }
        self
    }
}

impl<K: Ord, V> OccupiedEntry<'_, K, V> {
    /// Returns the key of the map.
    pub fn key(&self) -> &K {
        &self.found().0
    }

    /// Returns the value.
    pub fn get(&self) -> &V {
        &self.found().1
    }

    /// Removes the key, and returns its value: a clone, if another map has it.
    ///
    /// ```
    /// # use burdock::{OrdMap, state::OrdMapEntry};
    /// let mut stock = OrdMap::from([("tea", 2)]);
    /// if let OrdMapEntry::Occupied(entry) = stock.entry("tea")
    ///     && *entry.get() < 3
    /// {
    ///     assert_eq!(entry.remove(), 2);
    /// }
    /// assert!(stock.is_empty());
    /// ```
    pub fn remove(self) -> V
    where
        V: Clone,
    {
        value_of(expect_found(self.map.take(&self.key)))
    }

    fn found(&self) -> &(K, V) {
        expect_found(tree::find(&self.map.tree, &self.key).map(|entry| &**entry))
    }
}

impl<'a, K: Ord + Clone, V: Clone> OccupiedEntry<'a, K, V> {
    /// Returns a mutable reference to the value. Clones the entry if another map has it.
    ///
    /// Use [`into_mut`](Self::into_mut) for a reference that lives as long as the one to the map.
    pub fn get_mut(&mut self) -> &mut V {
        value_mut(self.map, &self.key)
    }

    /// Converts the entry into a mutable reference to its value. Clones the entry if another map has it.
    pub fn into_mut(self) -> &'a mut V {
        value_mut(self.map, &self.key)
    }

    /// Replaces the value, and returns the old one: a clone, if another map has it. The map keeps its key.
    pub fn insert(&mut self, value: V) -> V {
        let key = self.key().clone();
        value_of(expect_found(self.map.put(key, value)))
    }

    /// Removes the key, and returns it with its value: clones, if another map has them.
    pub fn remove_entry(self) -> (K, V) {
        Arc::unwrap_or_clone(expect_found(self.map.take(&self.key)))
    }
}

impl<'a, K: Ord, V> VacantEntry<'a, K, V> {
    /// Returns the key that [`insert`](Self::insert) would insert.
    pub fn key(&self) -> &K {
        &self.key
    }

    /// Returns the key without inserting a value.
    pub fn into_key(self) -> K {
        self.key
    }

    /// Inserts a value, and returns a mutable reference to it.
    ///
    /// ```
    /// # use burdock::{OrdMap, state::OrdMapEntry};
    /// let mut stock = OrdMap::from([("tea", 2)]);
    /// if let OrdMapEntry::Vacant(entry) = stock.entry("soup") {
    ///     *entry.insert(5) += 1;
    /// }
    /// assert_eq!(stock.get("soup"), Some(&6));
    /// ```
    pub fn insert(self, value: V) -> &'a mut V {
        let Self { map, key } = self;
        let inserted = Arc::new((key, value));
        tree::insert(&mut map.tree, Arc::clone(&inserted));
        let entry = expect_found(tree::find_mut(&mut map.tree, &inserted.0));
        // now only the map has the entry, so `get_mut` succeeds
        drop(inserted);
        &mut expect_found(Arc::get_mut(entry)).1
    }
}

/// Returns a mutable reference to the value of a key that the map has. Clones the entry if another map has it.
fn value_mut<'m, K: Ord + Clone, V: Clone>(map: &'m mut OrdMap<K, V>, key: &K) -> &'m mut V {
    expect_found(map.get_mut(key))
}

/// Unwraps the result of a lookup of an entry's key, which the map has.
#[expect(
    clippy::unreachable,
    reason = "the lookup fails only if the `Ord` of the keys is inconsistent"
)]
fn expect_found<T>(found: Option<T>) -> T {
    match found {
        Some(found) => found,
        None => unreachable!("the `Ord` of the keys of an `OrdMap` is inconsistent"),
    }
}

impl<K: Ord + Debug, V: Debug> Debug for Entry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Occupied(entry) => f.debug_tuple("Entry").field(entry).finish(),
            Self::Vacant(entry) => f.debug_tuple("Entry").field(entry).finish(),
        }
    }
}

impl<K: Ord + Debug, V: Debug> Debug for OccupiedEntry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (key, value) = self.found();
        f.debug_struct("OccupiedEntry").field("key", key).field("value", value).finish()
    }
}

impl<K: Debug, V> Debug for VacantEntry<'_, K, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("VacantEntry").field(&self.key).finish()
    }
}
