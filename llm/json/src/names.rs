//! Comparison of names without case, `_`, `-` and spaces: property keys and enum variants.

use std::collections::HashMap;
use std::sync::Arc;

/// A property key of the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyId(pub(crate) u32);

impl KeyId {
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// Returns whether [`fold`] removes this character.
pub(crate) fn is_ignored(char: char) -> bool {
    matches!(char, '_' | '-' | ' ')
}

/// Appends the folded form of `text`: lower case, without `_`, `-` and spaces.
pub(crate) fn fold_into(text: &str, folded: &mut String) {
    for char in text.chars().filter(|char| !is_ignored(*char)) {
        folded.extend(char.to_lowercase());
    }
}

/// Returns the folded form of `text`.
pub(crate) fn fold(text: &str) -> String {
    let mut folded = String::with_capacity(text.len());
    fold_into(text, &mut folded);
    folded
}

/// All property keys of a schema.
#[derive(Clone, Debug, Default)]
pub(crate) struct Keys {
    names: Vec<Arc<str>>,
    /// `"name":`, in the form that is written to JSON.
    written: Vec<Box<str>>,
    exact: HashMap<Arc<str>, KeyId>,
    folded: HashMap<String, Vec<KeyId>>,
}

impl Keys {
    pub(crate) fn intern(&mut self, name: &str) -> KeyId {
        if let Some(key) = self.exact.get(name) {
            return *key;
        }
        let key = KeyId(u32::try_from(self.names.len()).unwrap_or(u32::MAX));
        let shared: Arc<str> = name.into();
        self.names.push(Arc::clone(&shared));
        self.written.push(format!("{}:", serde_json::Value::from(name)).into());
        self.exact.insert(shared, key);
        self.folded.entry(fold(name)).or_default().push(key);
        key
    }

    pub(crate) fn get(&self, name: &str) -> Option<KeyId> {
        self.exact.get(name).copied()
    }

    /// Returns the keys that have the same folded form.
    pub(crate) fn similar(&self, name: &str) -> &[KeyId] {
        self.folded.get(&fold(name)).map_or(&[], Vec::as_slice)
    }

    pub(crate) fn name(&self, key: KeyId) -> &Arc<str> {
        &self.names[key.index()]
    }

    pub(crate) fn written(&self, key: KeyId) -> &str {
        &self.written[key.index()]
    }
}

/// The strings of an enum.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Variants {
    names: Vec<Box<str>>,
    /// Folded names in order, each with its index in `names`.
    folded: Vec<(Box<str>, usize)>,
}

impl Variants {
    pub(crate) fn new<'a>(names: impl Iterator<Item = &'a str>) -> Self {
        let names: Vec<Box<str>> = names.map(Into::into).collect();
        let mut folded: Vec<_> =
            names.iter().enumerate().map(|(at, name)| (fold(name).into(), at)).collect();
        folded.sort_unstable();
        Self { names, folded }
    }

    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// Returns whether a variant starts with this folded text.
    pub(crate) fn may_start_with(&self, folded: &str) -> bool {
        let at = self.folded.partition_point(|(name, _)| name.as_ref() < folded);
        self.folded.get(at).is_some_and(|(name, _)| name.starts_with(folded))
    }

    pub(crate) fn has(&self, text: &str) -> bool {
        self.names().any(|name| name == text)
    }

    /// Returns the variants that have this folded form.
    pub(crate) fn similar(&self, folded: &str) -> impl Iterator<Item = &str> {
        let at = self.folded.partition_point(|(name, _)| name.as_ref() < folded);
        self.folded[at..]
            .iter()
            .take_while(move |(name, _)| name.as_ref() == folded)
            .map(|(_, at)| self.names[*at].as_ref())
    }
}
