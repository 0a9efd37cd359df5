use super::{
    tests::{Dice, patched},
    *,
};
use crate::state::{OrdMap, Slot};
use serde_json::json;
use std::{cell::Cell, collections::BTreeMap};

thread_local! {
    static SERIALIZED: Cell<usize> = const { Cell::new(0) };
    static COMPARED: Cell<usize> = const { Cell::new(0) };
}

/// A number that counts how often any `Counted` is serialized.
#[derive(Clone, Debug, PartialEq, Deserialize)]
struct Counted(u32);

impl Serialize for Counted {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        SERIALIZED.set(SERIALIZED.get() + 1);
        self.0.serialize(serializer)
    }
}

/// A key that counts how often any two keys are compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Key(u32);

impl PartialOrd for Key {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Key {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        COMPARED.set(COMPARED.get() + 1);
        self.0.cmp(&other.0)
    }
}

fn counted(len: u32) -> OrdMap<Key, Counted> {
    (0..len).map(|n| (Key(n), Counted(n))).collect()
}

fn entries<const N: usize, const M: usize>(set: [(&str, u32); N], remove: [&str; M]) -> Patch {
    Patch::Entries {
        set: set.into_iter().map(|(key, value)| (key.to_owned(), value.into())).collect(),
        remove: remove.map(str::to_owned).to_vec(),
    }
}

#[test]
fn patch_of_a_map_has_only_the_changed_keys_and_serializes_only_these() {
    for len in [100, 1000, 100_000] {
        let old = counted(len);
        let mut new = old.with(Key(7), Counted(70)).without(&Key(50));
        new.insert(Key(1_000_000), Counted(8));
        if let Some(value) = new.get_mut(&Key(9)) {
            *value = Counted(90);
        }
        SERIALIZED.set(0);
        COMPARED.set(0);
        let patch = new.__patch(&old).unwrap();
        assert_eq!(patch, Some(entries([("7", 70), ("9", 90), ("1000000", 8)], ["50"])));
        // each replaced value is compared with the old one
        assert_eq!(SERIALIZED.get(), 5);
        assert!(COMPARED.get() < 100, "{} comparisons for {len} entries", COMPARED.get());
        assert_eq!(new.clone().__patch(&new).unwrap(), None);
    }
}

#[test]
fn patch_of_a_map_changed_through_many_clones_serializes_only_the_changes() {
    let old = counted(10_000);
    let mut new = old.clone();
    for n in 0..20 {
        new = new.with(Key(n * 400), Counted(1)).without(&Key(n * 400 + 1));
    }
    SERIALIZED.set(0);
    let patch = new.__patch(&old).unwrap();
    assert_eq!(SERIALIZED.get(), 40);
    assert!(matches!(
        patch,
        Some(Patch::Entries { set, remove }) if (set.len(), remove.len()) == (20, 20)
    ));
}

#[test]
fn map_with_equal_entries_has_no_patch() {
    assert_eq!(counted(9).__patch(&counted(9)).unwrap(), None);
    let old = counted(9);
    assert_eq!(old.with(Key(3), Counted(3)).__patch(&old).unwrap(), None);
    assert_eq!(old.without(&Key(9)).__patch(&old).unwrap(), None);
    assert_eq!(old.with(Key(9), Counted(9)).without(&Key(9)).__patch(&old).unwrap(), None);
}

#[test]
fn map_that_keeps_nothing_is_set() {
    let old = counted(2);
    let new = OrdMap::from([(Key(5), Counted(5))]);
    assert_eq!(new.__patch(&old).unwrap(), Some(Patch::Set(json!({"5": 5}))));
    assert_eq!(OrdMap::new().__patch(&old).unwrap(), Some(Patch::Set(json!({}))));
    assert_eq!(old.__patch(&OrdMap::new()).unwrap(), Some(Patch::Set(json!({"0": 0, "1": 1}))));
}

#[test]
fn patches_of_a_slot_for_a_map_apply_to_it() {
    let set = |entries: &[(u32, u32)]| Slot::set(entries.iter().copied().collect::<OrdMap<_, _>>());
    let states = [
        Slot::unset(),
        set(&[]),
        set(&[(1, 1)]),
        set(&[(1, 1), (2, 2)]),
        set(&[(1, 7), (2, 2)]),
        set(&[(2, 2), (10, 3)]),
    ];
    for old in &states {
        for new in &states {
            assert_eq!(&patched(old, new.__patch(old).unwrap()), new);
        }
    }
}

#[test]
fn patch_of_entries_that_does_not_fit_returns_an_error_and_changes_nothing() {
    for (field, message) in [
        (json!({"a": 1}), "the patch removes the key `b`, which the map does not have"),
        (json!(null), "the patch removes the key `a`, which the map does not have"),
        (json!([1]), "the patch changes entries of a value that is not a map"),
        (json!("a"), "the patch changes entries of a value that is not a map"),
    ] {
        let mut changed = field.clone();
        let error = entries([("c", 1)], ["a", "b"]).apply(&mut changed).unwrap_err();
        assert_eq!((error.to_string(), changed), (message.to_owned(), field));
    }
}

#[test]
fn a_patch_of_entries_creates_a_missing_map() {
    let mut field = Value::Null;
    entries([("a", 1)], []).apply(&mut field).unwrap();
    assert_eq!(field, json!({"a": 1}));
}

#[test]
fn values_without_json_form_are_rejected_with_their_key() {
    let old = OrdMap::from([("a".to_owned(), vec![0.5])]);
    let error = old.with("b".to_owned(), vec![0.5, f64::NAN]).__patch(&old).unwrap_err();
    assert_eq!(error.to_string(), "JSON has no number for NaN at `b[1]`");
    let keys = OrdMap::from([((1, 2), 3)]);
    assert_eq!(keys.__patch(&OrdMap::new()).unwrap_err().to_string(), "key must be a string");
}

#[test]
fn key_that_is_read_back_as_another_one_is_rejected() {
    #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
    #[serde(untagged)]
    enum Name {
        Text(String),
        Number(u8),
    }
    let old = OrdMap::from([(Name::Text("1".into()), 1)]);
    assert!(old.__patch(&OrdMap::new()).is_ok());
    let error = old.with(Name::Number(1), 2).__patch(&old).unwrap_err();
    assert_eq!(error.to_string(), "the key `1` is read back as another key");
    let slot = Slot::set(OrdMap::from([(Name::Number(1), 2)]));
    let error = slot.__patch(&Slot::unset()).unwrap_err();
    assert_eq!(error.to_string(), "the key `1` is read back as another key");
}

#[test]
fn equal_key_that_serializes_differently_replaces_the_other_one() {
    #[derive(Clone, Debug, Serialize, Deserialize)]
    struct AnyCase(String);

    impl PartialEq for AnyCase {
        fn eq(&self, other: &Self) -> bool {
            self.cmp(other).is_eq()
        }
    }
    impl Eq for AnyCase {}
    impl PartialOrd for AnyCase {
        fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
            Some(self.cmp(other))
        }
    }
    impl Ord for AnyCase {
        fn cmp(&self, other: &Self) -> std::cmp::Ordering {
            self.0.to_lowercase().cmp(&other.0.to_lowercase())
        }
    }
    let key = |text: &str| AnyCase(text.to_owned());
    let old = OrdMap::from([(key("tea"), 1), (key("soup"), 2)]);
    let patch = old.with(key("TEA"), 1).__patch(&old).unwrap();
    assert_eq!(patch, Some(entries([("TEA", 1)], ["tea"])));
}

/// A map and the `BTreeMap` with which it must agree.
type Pair = (OrdMap<u8, usize>, BTreeMap<u8, usize>);

/// Makes the same random change to both. There are few keys and values, so that equal ones are frequent.
fn change((map, model): &mut Pair, dice: &mut Dice) {
    let (key, value) = (u8::try_from(dice.roll(120)).unwrap(), dice.roll(3));
    match dice.roll(7) {
        0..3 => assert_eq!(map.insert(key, value), model.insert(key, value)),
        3 => assert_eq!(map.remove(&key), model.remove(&key)),
        4 => {
            if let (Some(mine), Some(theirs)) = (map.get_mut(&key), model.get_mut(&key)) {
                (*mine, *theirs) = (value, value);
            }
        }
        5 if dice.roll(10) == 0 => {
            map.retain(|_, kept| *kept != value);
            model.retain(|_, kept| *kept != value);
        }
        6 if dice.roll(20) == 0 => *map = model.clone().into(),
        _ => {}
    }
}

#[test]
fn patch_turns_the_old_map_into_the_new_one() {
    let mut dice = Dice(1);
    let mut family: [Pair; 5] = Default::default();
    let mut largest = 0;
    for _ in 0..3000 {
        let (a, b) = (dice.roll(family.len()), dice.roll(family.len()));
        if dice.roll(2) == 0 {
            family[a] = family[b].clone();
        }
        for _ in 0..dice.roll(6) {
            change(&mut family[a], &mut dice);
        }
        let ((new, new_model), (old, old_model)) = (&family[a], &family[b]);
        assert!(new.iter().eq(new_model));
        largest = largest.max(new.len());

        let patch = new.__patch(old).unwrap();
        assert_eq!(patch.is_none(), new == old);
        if let Some(Patch::Entries { set, remove }) = &patch {
            let changed = new_model.iter().filter(|(key, value)| old_model.get(key) != Some(value));
            let gone = old_model.keys().filter(|key| !new_model.contains_key(key));
            assert!(sorted(set.keys()).eq(sorted(changed.map(|(key, _)| key))));
            assert!(sorted(remove).eq(sorted(gone)));
        }
        assert_eq!(&patched(old, patch), new);
    }
    assert!(largest > 50, "the maps never had more than {largest} entries");
}

fn sorted<T: ToString>(keys: impl IntoIterator<Item = T>) -> impl Iterator<Item = String> {
    let mut keys: Vec<String> = keys.into_iter().map(|key| key.to_string()).collect();
    keys.sort();
    keys.into_iter()
}
