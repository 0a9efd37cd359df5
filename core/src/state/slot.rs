//! Fields that have no value until an action writes them.

use super::{OrdMap, Patch, Vector, patch::PlainPatch};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::ops::Deref;

/// A field of a state that has no value until an action writes it.
///
/// An action that reads a slot receives a plain `&T`: the graph proves that every path to the action
/// writes the slot first. Outside of actions, use [`get`](Slot::get).
///
/// A slot serializes like an `Option`. Formats like JSON write `Some(None)` and `None` both as `null`,
/// so a state rejects a `Slot<Option<T>>`: use an enum instead. A log rejects a commit that sets a slot
/// to any other value that is written as `null`, such as `()`.
///
/// ```
/// use burdock::Slot;
///
/// let mut reply: Slot<String> = Slot::unset();
/// assert_eq!(reply.get(), None);
/// reply = Slot::from("hello".to_owned());
/// assert_eq!(reply, "hello".to_owned());
/// assert_eq!(reply.as_deref(), Some("hello"));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Slot<T>(Option<T>);

impl<T> Slot<T> {
    /// Creates a slot without a value.
    pub const fn unset() -> Self {
        Self(None)
    }

    /// Creates a slot with a value.
    pub const fn set(value: T) -> Self {
        Self(Some(value))
    }

    /// Returns a reference to the value, if there is one.
    pub const fn get(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Returns whether the slot has a value.
    pub const fn is_set(&self) -> bool {
        self.0.is_some()
    }

    /// Consumes the slot and returns its value, if there is one.
    pub fn into_inner(self) -> Option<T> {
        self.0
    }

    /// Takes the value, if there is one, and leaves the slot without a value.
    pub const fn take(&mut self) -> Option<T> {
        self.0.take()
    }

    /// Returns the value, or `default` if there is none.
    ///
    /// ```
    /// use burdock::Slot;
    ///
    /// assert_eq!(Slot::set(3).unwrap_or(7), 3);
    /// assert_eq!(Slot::unset().unwrap_or(7), 7);
    /// ```
    pub fn unwrap_or(self, default: T) -> T {
        self.0.unwrap_or(default)
    }

    /// Returns the dereferenced value, such as the `&str` of a `String`, if there is a value.
    ///
    /// ```
    /// use burdock::Slot;
    ///
    /// let reply = Slot::from("hello".to_owned());
    /// assert_eq!(reply.as_deref(), Some("hello"));
    /// ```
    pub fn as_deref(&self) -> Option<&T::Target>
    where
        T: Deref,
    {
        self.0.as_deref()
    }

    #[doc(hidden)]
    pub const fn __read(&self) -> Option<&T> {
        self.0.as_ref()
    }

    /// Returns the value for a condition, after the step has checked that the slot is set.
    #[doc(hidden)]
    #[expect(clippy::panic, reason = "checked by the step before it evaluates a condition")]
    pub fn __get(&self) -> &T {
        match &self.0 {
            Some(value) => value,
            None => panic!("a slot was read before it was written"),
        }
    }
}

impl<T> Default for Slot<T> {
    fn default() -> Self {
        Self::unset()
    }
}

impl<T> From<T> for Slot<T> {
    fn from(value: T) -> Self {
        Self::set(value)
    }
}

/// A slot equals a value if its own value does.
impl<T: PartialEq> PartialEq<T> for Slot<T> {
    fn eq(&self, other: &T) -> bool {
        self.0.as_ref() == Some(other)
    }
}

/// A slot for a persistent list is logged like the list, so that an append records only the tail.
impl<T: Serialize> Slot<Vector<T>> {
    #[doc(hidden)]
    pub fn __patch(&self, old: &Self) -> Result<Option<Patch>, serde_json::Error> {
        match (&self.0, &old.0) {
            (Some(new), Some(old)) => new.__patch(old),
            _ => PlainPatch::__patch(self, old),
        }
    }
}

/// A slot for a persistent map is logged like the map, so that a change records only the changed entries.
impl<K: Ord + Serialize + DeserializeOwned, V: Serialize> Slot<OrdMap<K, V>> {
    #[doc(hidden)]
    pub fn __patch(&self, old: &Self) -> Result<Option<Patch>, serde_json::Error> {
        match (&self.0, &old.0) {
            (Some(new), Some(old)) => new.__patch(old),
            // sets the whole map, and checks the keys
            (Some(new), None) => {
                let patch = new.__patch(&OrdMap::new())?;
                Ok(patch.or_else(|| Some(Patch::Set(serde_json::json!({})))))
            }
            (None, _) => PlainPatch::__patch(self, old),
        }
    }
}
