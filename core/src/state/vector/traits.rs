//! Traits of the standard library and of serde for lists.

use super::Vector;
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{SeqAccess, Visitor},
};
use std::{
    cmp::Ordering,
    fmt,
    hash::{Hash, Hasher},
    marker::PhantomData,
    ops::{Index, IndexMut},
};

impl<T> Clone for Vector<T> {
    /// Clones the list in constant time, without cloning elements.
    fn clone(&self) -> Self {
        Self { list: self.list.clone(), lineage: self.lineage.fork(self.len()) }
    }
}

impl<T> Default for Vector<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: fmt::Debug> fmt::Debug for Vector<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self).finish()
    }
}

impl<T: PartialEq> PartialEq for Vector<T> {
    fn eq(&self, other: &Self) -> bool {
        self.list == other.list
    }
}

impl<T: Eq> Eq for Vector<T> {}

impl<T: PartialOrd> PartialOrd for Vector<T> {
    /// Compares the elements in their order, as for a `Vec`.
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        self.iter().partial_cmp(other)
    }
}

impl<T: Ord> Ord for Vector<T> {
    /// Compares the elements in their order, as for a `Vec`.
    fn cmp(&self, other: &Self) -> Ordering {
        self.iter().cmp(other)
    }
}

impl<T: Hash> Hash for Vector<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.list.hash(state);
    }
}

impl<T> Index<usize> for Vector<T> {
    type Output = T;

    /// Returns the element at `index`, like [`Vector::get`].
    ///
    /// # Panics
    /// Panics if there is none.
    fn index(&self, index: usize) -> &T {
        &self.list[index]
    }
}

impl<T: Clone> IndexMut<usize> for Vector<T> {
    /// Returns the element at `index`, like [`Vector::get_mut`].
    ///
    /// # Panics
    /// Panics if there is none.
    fn index_mut(&mut self, index: usize) -> &mut T {
        self.lineage.change(self.len(), index);
        &mut self.list[index]
    }
}

impl<T> Extend<T> for Vector<T> {
    fn extend<I: IntoIterator<Item = T>>(&mut self, values: I) {
        for value in values {
            self.push_back(value);
        }
    }
}

impl<T> FromIterator<T> for Vector<T> {
    fn from_iter<I: IntoIterator<Item = T>>(values: I) -> Self {
        let mut list = Self::new();
        list.extend(values);
        list
    }
}

impl<T> From<Vec<T>> for Vector<T> {
    fn from(values: Vec<T>) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Clone> From<Vector<T>> for Vec<T> {
    fn from(list: Vector<T>) -> Self {
        list.iter().cloned().collect()
    }
}

impl<T, const N: usize> From<[T; N]> for Vector<T> {
    fn from(values: [T; N]) -> Self {
        values.into_iter().collect()
    }
}

impl<T: Serialize> Serialize for Vector<T> {
    /// Serializes the list as a sequence.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Vector<T> {
    /// Deserializes the list from a sequence.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Elements<T>(PhantomData<T>);

        impl<'de, T: Deserialize<'de>> Visitor<'de> for Elements<T> {
            type Value = Vector<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a sequence")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut list = Vector::new();
                while let Some(value) = seq.next_element()? {
                    list.push_back(value);
                }
                Ok(list)
            }
        }

        deserializer.deserialize_seq(Elements(PhantomData))
    }
}
