//! Descriptions of fields, and sets of fields as bit masks.
//!
//! Names are resolved to indices once per graph. Everything after that compares masks, because
//! comparing strings in constant evaluation is slow.

use super::TypeSchema;
use crate::message::{Text, suggest};
use serde::Serialize;
use std::fmt;

/// The description of a field. Its index is its position in `State::FIELDS`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct FieldInfo {
    /// The name as declared.
    pub name: &'static str,
    /// The name in JSON, as serialized by serde.
    pub key: &'static str,
    /// The type as written.
    pub ty: &'static str,
    /// The doc comment; empty if there is none.
    pub docs: &'static str,
    /// Whether the field is a slot.
    pub slot: bool,
    /// Whether readers of a session may see the field: `#[state(public)]`.
    pub public: bool,
    /// The JSON Schema of its type.
    #[serde(skip)]
    pub schema: TypeSchema,
}

impl FieldInfo {
    /// Creates a field with the same name in JSON, without a doc comment and a schema, that is neither a slot nor
    /// public.
    pub const fn new(name: &'static str, ty: &'static str) -> Self {
        let schema = TypeSchema::UNKNOWN;
        Self { name, key: name, ty, docs: "", slot: false, public: false, schema }
    }

    /// Sets the name in JSON.
    #[must_use]
    pub const fn key(self, key: &'static str) -> Self {
        Self { key, ..self }
    }

    /// Sets the doc comment.
    #[must_use]
    pub const fn docs(self, docs: &'static str) -> Self {
        Self { docs, ..self }
    }

    /// Declares that the field is a slot.
    #[must_use]
    pub const fn slot(self) -> Self {
        Self { slot: true, ..self }
    }

    /// Declares that readers of a session may see the field.
    #[must_use]
    pub const fn public(self) -> Self {
        Self { public: true, ..self }
    }

    /// Sets the schema of its type.
    #[must_use]
    pub const fn schema(self, schema: TypeSchema) -> Self {
        Self { schema, ..self }
    }
}

/// The index of a field that the state does not have.
pub const UNKNOWN: usize = usize::MAX;

/// A set of fields by index, as a bit mask. Holds at most 256 fields.
///
/// ```
/// use burdock::state::FieldSet;
///
/// const READS: FieldSet = FieldSet::EMPTY.with(0).with(2);
/// const WRITES: FieldSet = FieldSet::EMPTY.with(2);
///
/// const { assert!(WRITES.is_subset(READS)) }
/// assert_eq!(READS.minus(WRITES).iter().collect::<Vec<_>>(), [0]);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct FieldSet([u64; 4]);

impl FieldSet {
    /// The empty set.
    pub const EMPTY: Self = Self([0; 4]);

    /// The set of all fields.
    pub const ALL: Self = Self([u64::MAX; 4]);

    /// The maximum number of fields of a state.
    pub const CAPACITY: usize = 256;

    /// Adds the field with this index. An index of 256 or more, such as [`UNKNOWN`], is ignored.
    #[must_use]
    pub const fn with(mut self, index: usize) -> Self {
        if index < 256 {
            self.0[index / 64] |= 1 << (index % 64);
        }
        self
    }

    /// Adds the field with this index if a condition holds.
    #[doc(hidden)]
    #[must_use]
    pub const fn with_if(self, index: usize, condition: bool) -> Self {
        if condition { self.with(index) } else { self }
    }

    /// Returns whether the field with this index is in the set.
    pub const fn contains(self, index: usize) -> bool {
        index < 256 && self.0[index / 64] >> (index % 64) & 1 == 1
    }

    /// Returns the fields that are in either set.
    #[must_use]
    pub const fn union(self, other: Self) -> Self {
        let (left, right) = (self.0, other.0);
        Self([left[0] | right[0], left[1] | right[1], left[2] | right[2], left[3] | right[3]])
    }

    /// Returns the fields that are in both sets.
    #[must_use]
    pub const fn intersection(self, other: Self) -> Self {
        let (left, right) = (self.0, other.0);
        Self([left[0] & right[0], left[1] & right[1], left[2] & right[2], left[3] & right[3]])
    }

    /// Returns the fields that are in this set and not in the other.
    #[must_use]
    pub const fn minus(self, other: Self) -> Self {
        let (left, right) = (self.0, other.0);
        Self([left[0] & !right[0], left[1] & !right[1], left[2] & !right[2], left[3] & !right[3]])
    }

    /// Returns whether the set has no fields.
    pub const fn is_empty(self) -> bool {
        let [a, b, c, d] = self.0;
        a | b | c | d == 0
    }

    /// Returns whether every field of this set is in the other.
    pub const fn is_subset(self, other: Self) -> bool {
        self.minus(other).is_empty()
    }

    /// Returns the indices in ascending order.
    pub fn iter(self) -> impl Iterator<Item = usize> {
        (0..256).filter(move |&index| self.contains(index))
    }
}

impl fmt::Debug for FieldSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// Returns the index of the field with this name, or [`UNKNOWN`] if there is none.
pub const fn index_of(fields: &[FieldInfo], name: &str) -> usize {
    let mut index = 0;
    while index < fields.len() {
        if same(fields[index].name, name) {
            return index;
        }
        index += 1;
    }
    UNKNOWN
}

/// Returns the set of the fields with these names.
///
/// # Panics
/// Panics if there is no field of one of these names. In a constant, such as [`Action::INFO`](crate::Action::INFO),
/// that is a compile error.
#[track_caller]
#[expect(clippy::panic, reason = "a panic in constant evaluation is a compile error")]
pub const fn set_of(fields: &[FieldInfo], names: &[&str]) -> FieldSet {
    let mut next = 0;
    while next < names.len() {
        if index_of(fields, names[next]) == UNKNOWN {
            let mut text = Text::new();
            text.push("the state has no field `");
            text.push(names[next]);
            text.push("`");
            suggest_field(&mut text, names[next], fields);
            panic!("{}", text.as_str());
        }
        next += 1;
    }
    known_of(fields, names)
}

/// Appends the field with the closest name to a message, or all fields if there are few.
pub(super) const fn suggest_field(text: &mut Text, unknown: &str, fields: &[FieldInfo]) {
    let mut known = [""; FieldSet::CAPACITY];
    let mut at = 0;
    while at < fields.len() && at < known.len() {
        known[at] = fields[at].name;
        at += 1;
    }
    suggest(text, unknown, "fields", known.split_at(at).0);
}

/// Returns the set of the fields with these names. Unknown names are ignored: another check reports them.
pub const fn known_of(fields: &[FieldInfo], names: &[&str]) -> FieldSet {
    let mut set = FieldSet::EMPTY;
    let mut next = 0;
    while next < names.len() {
        set = set.with(index_of(fields, names[next]));
        next += 1;
    }
    set
}

/// Compares two strings; `==` on strings is not `const` on stable Rust.
const fn same(left: &str, right: &str) -> bool {
    let (left, right) = (left.as_bytes(), right.as_bytes());
    if left.len() != right.len() {
        return false;
    }
    let mut at = 0;
    while at < left.len() {
        if left[at] != right[at] {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn field(name: &'static str) -> FieldInfo {
        FieldInfo::new(name, "bool")
    }

    const FIELDS: &[FieldInfo] = &[field("safe"), field("mode"), field("größe"), field("saf")];

    fn set(indices: &[usize]) -> FieldSet {
        indices.iter().fold(FieldSet::EMPTY, |set, &index| set.with(index))
    }

    #[test]
    fn names_are_resolved_in_constant_evaluation() {
        const INDICES: [usize; 6] = [
            index_of(FIELDS, "safe"),
            index_of(FIELDS, "größe"),
            index_of(FIELDS, "saf"),
            index_of(FIELDS, "sage"),
            index_of(FIELDS, ""),
            index_of(&[], "safe"),
        ];
        assert_eq!(INDICES, [0, 2, 3, UNKNOWN, UNKNOWN, UNKNOWN]);
    }

    #[test]
    fn a_set_of_names_has_the_fields_of_these_names() {
        const SET: FieldSet = set_of(FIELDS, &["mode", "safe", "mode"]);
        assert_eq!(SET, set(&[0, 1]));
        assert_eq!(known_of(FIELDS, &["mode", "lost", "safe"]), SET);
    }

    #[test]
    fn indices_below_256_are_distinct_and_others_are_ignored() {
        for index in 0..256 {
            let one = FieldSet::EMPTY.with(index);
            assert!(one.contains(index));
            assert_eq!(one.iter().collect::<Vec<_>>(), [index]);
        }
        for index in [256, 257, 320, UNKNOWN] {
            assert!(FieldSet::EMPTY.with(index).is_empty());
            assert!(!set(&[0, 1, 63, 64, 255]).contains(index));
        }
    }

    #[test]
    fn set_operations_agree_with_those_of_a_btree_set() {
        use std::collections::BTreeSet;
        let samples: &[&[usize]] =
            &[&[], &[0], &[63, 64], &[0, 63, 127, 128, 191, 192, 255], &[64, 128, 200, 255]];
        for left in samples {
            for right in samples {
                let (a, b) = (set(left), set(right));
                let x: BTreeSet<usize> = left.iter().copied().collect();
                let y: BTreeSet<usize> = right.iter().copied().collect();
                assert!(a.union(b).iter().eq(x.union(&y).copied()));
                assert!(a.intersection(b).iter().eq(x.intersection(&y).copied()));
                assert!(a.minus(b).iter().eq(x.difference(&y).copied()));
                assert_eq!(a.is_subset(b), x.is_subset(&y));
                assert_eq!(a.is_empty(), x.is_empty());
            }
        }
    }

    #[test]
    fn debug_output_of_a_set_lists_its_indices() {
        assert_eq!(format!("{:?}", set(&[70, 3])), "{3, 70}");
    }
}
