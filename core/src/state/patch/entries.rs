//! Patches of maps.

use super::{Patch, PatchError, to_json};
use crate::state::{
    OrdMap,
    read_back::{read, unreadable},
    strict::at_path,
};
use serde::{Serialize, Serializer, de::DeserializeOwned, ser::Error as _};
use serde_json::{Error, Map, Value};

/// Removes and sets entries of a field. On an error the field is unchanged.
pub(super) fn apply(
    set: Map<String, Value>,
    remove: Vec<String>,
    field: &mut Value,
) -> Result<(), PatchError> {
    match field {
        Value::Object(map) => {
            if let Some(key) = remove.iter().find(|key| !map.contains_key(*key)) {
                return Err(PatchError::MissingKey { key: key.clone() });
            }
            for key in remove {
                map.remove(&key);
            }
            map.extend(set);
        }
        Value::Null => match remove.into_iter().next() {
            Some(key) => return Err(PatchError::MissingKey { key }),
            None => *field = Value::Object(set),
        },
        _ => return Err(PatchError::NotAMap),
    }
    Ok(())
}

impl<K: Ord + Serialize + DeserializeOwned, V: Serialize> OrdMap<K, V> {
    /// Returns the patch from `old` to `self`, or `None` if they serialize to the same JSON. Serializes only the
    /// entries that the maps do not share.
    #[doc(hidden)]
    pub fn __patch(&self, old: &Self) -> Result<Option<Patch>, Error> {
        let (mut set, mut remove) = (Map::new(), Vec::new());
        for (before, after) in self.difference(old) {
            let before_key = || before.map(|(key, _)| key_to_json(key)).transpose();
            let Some(after) = after else {
                remove.extend(before_key()?);
                continue;
            };
            let (key, value) = entry_to_json(&after.0, &after.1)?;
            check_key(&after.0, &key)?;
            // equal keys may serialize differently
            let renamed = before_key()?.filter(|before| *before != key);
            let same = || before.is_some_and(|before| serializes_to(before, &value));
            if renamed.is_some() || !same() {
                set.insert(key, value);
            }
            remove.extend(renamed);
        }
        remove.retain(|key| !set.contains_key(key));
        Ok(if set.is_empty() && remove.is_empty() {
            None
        } else if set.len() == self.len() {
            // no entry was kept
            Some(Patch::Set(Value::Object(set)))
        } else {
            Some(Patch::Entries { set, remove })
        })
    }
}

impl<K: Ord + Serialize + DeserializeOwned, V> OrdMap<K, V> {
    /// Returns an error if a key is not read back as an equal one.
    pub(in crate::state) fn check_keys(&self) -> Result<(), Error> {
        self.keys().try_for_each(|key| check_key(key, &key_to_json(key)?))
    }
}

/// An entry, serialized as a map with this single entry.
struct Entry<'a, K, V>(&'a K, &'a V);

impl<K: Serialize, V: Serialize> Serialize for Entry<'_, K, V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, self.1)])
    }
}

fn entry_to_json<K: Serialize, V: Serialize>(key: &K, value: &V) -> Result<(String, Value), Error> {
    let entry = match to_json(&Entry(key, value))? {
        Value::Object(map) => map.into_iter().next(),
        _ => None,
    };
    entry.ok_or_else(|| Error::custom("the entry of a map does not serialize as an entry"))
}

fn key_to_json<K: Serialize>(key: &K) -> Result<String, Error> {
    entry_to_json(key, &()).map(|(key, _)| key)
}

/// Returns whether the value of an entry serializes to this JSON. Returns `false` if it does not serialize.
fn serializes_to<K: Serialize, V: Serialize>(entry: &(K, V), value: &Value) -> bool {
    entry_to_json(&entry.0, &entry.1).is_ok_and(|(_, written)| written == *value)
}

/// Returns an error if a key is not read back as an equal one: with such keys, two entries could be written as one.
fn check_key<K: Ord + DeserializeOwned>(key: &K, written: &str) -> Result<(), Error> {
    let json = Value::Object(Map::from_iter([(written.to_owned(), Value::Null)]));
    let back: OrdMap<K, Value> =
        read(&json).map_err(|error| unreadable(&at_path(error.inner(), written)))?;
    if back.contains_key(key) {
        return Ok(());
    }
    Err(Error::custom(format_args!("the key `{written}` is read back as another key")))
}
