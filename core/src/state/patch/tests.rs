use super::*;
use crate::state::Slot;
use serde::de::DeserializeOwned;
use serde_json::json;
use std::cell::Cell;

thread_local! {
    static SERIALIZED: Cell<usize> = const { Cell::new(0) };
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

fn counted(len: u32) -> Vector<Counted> {
    (0..len).map(Counted).collect()
}

/// Returns the patch, and the number of elements that were serialized to find it.
fn patch_and_cost(new: &Vector<Counted>, old: &Vector<Counted>) -> (Option<Patch>, usize) {
    SERIALIZED.set(0);
    let patch = new.__patch(old).unwrap();
    (patch, SERIALIZED.get())
}

/// Applies a patch as a log does: to the old value as JSON, which is then read back.
pub(super) fn patched<T: Serialize + DeserializeOwned>(old: &T, patch: Option<Patch>) -> T {
    let mut json = to_json(old).unwrap();
    if let Some(patch) = patch {
        let text = serde_json::to_string(&patch).unwrap();
        serde_json::from_str::<Patch>(&text).unwrap().apply(&mut json).unwrap();
    }
    serde_json::from_value(json).unwrap()
}

fn append<const N: usize>(keep: usize, tail: [u32; N]) -> Patch {
    Patch::Append { keep, tail: tail.map(Value::from).to_vec() }
}

#[test]
fn an_append_serializes_only_the_tail() {
    for len in [0, 1, 1000, 20_000] {
        let old = counted(len);
        let mut new = old.clone();
        new.extend([Counted(7), Counted(8)]);
        let middle = new.clone();
        new.push_back(Counted(9));
        assert_eq!(patch_and_cost(&new, &old), (Some(append(old.len(), [7, 8, 9])), 3));
        assert_eq!(patch_and_cost(&new, &middle), (Some(append(middle.len(), [9])), 1));
        assert_eq!(patch_and_cost(&new, &new.clone()), (None, 0));
    }
}

#[test]
fn a_shorter_list_keeps_its_prefix_and_serializes_nothing() {
    let old = counted(1000);
    let mut new = old.clone();
    new.truncate(998);
    assert_eq!(patch_and_cost(&new, &old), (Some(append(998, [])), 0));
    assert_eq!(patch_and_cost(&old, &new), (Some(append(998, [998, 999])), 2));
}

#[test]
fn a_change_near_the_end_records_only_the_elements_from_there() {
    let old = counted(1000);
    let mut new = old.clone();
    new[998] = Counted(7);
    assert_eq!(patch_and_cost(&new, &old), (Some(append(998, [7, 999])), 3));
    new[998] = Counted(998);
    assert_eq!(patch_and_cost(&new, &old), (None, 2));
}

#[test]
fn lists_without_a_common_ancestor_are_compared_by_value() {
    let old = counted(1000);
    let mut new = old.clone();
    for number in 0..5 {
        let mut next = new.clone();
        next.push_back(Counted(number));
        new = next;
    }
    assert_eq!(patch_and_cost(&new, &old), (Some(append(1000, [0, 1, 2, 3, 4])), 5));
    assert_eq!(patch_and_cost(&counted(10), &counted(10)), (None, 20));
    assert_eq!(patch_and_cost(&counted(11), &counted(10)), (Some(append(10, [10])), 21));
}

#[test]
fn a_list_without_a_common_prefix_is_set() {
    let old = counted(2);
    let mut new = old.clone();
    new.clear();
    assert_eq!(patch_and_cost(&new, &old).0, Some(Patch::Set(json!([]))));
    new.push_back(Counted(7));
    assert_eq!(patch_and_cost(&new, &old).0, Some(Patch::Set(json!([7]))));
    assert_eq!(patch_and_cost(&new, &Vector::new()).0, Some(append(0, [7])));
}

#[test]
fn values_of_other_types_are_set_if_they_changed() {
    let (old, mut new) = (Some(String::from("a")), Some(String::from("a")));
    assert_eq!(new.__patch(&old).unwrap(), None);
    new = None;
    let patch = new.__patch(&old).unwrap().unwrap();
    assert_eq!(patch, Patch::Set(Value::Null));
    assert_eq!(patched(&old, Some(patch)), new);
}

#[test]
fn inherent_methods_take_precedence_on_places_and_references() {
    struct State {
        list: Vector<u32>,
    }
    let (old, new) = (State { list: Vector::from([1]) }, State { list: Vector::from([1, 2]) });
    let by_place = new.list.__patch(&old.list).unwrap();
    let (new_list, old_list) = (&new.list, &old.list);
    assert_eq!(by_place, Some(append(1, [2])));
    assert_eq!(new_list.__patch(old_list).unwrap(), by_place);
}

#[test]
fn patches_of_a_slot_for_a_list_apply_to_it() {
    let set = |list: &[u32]| Slot::set(Vector::from(list.to_vec()));
    let states = [Slot::unset(), set(&[]), set(&[1]), set(&[1, 2]), set(&[7, 2, 3])];
    for old in &states {
        for new in &states {
            assert_eq!(&patched(old, new.__patch(old).unwrap()), new);
        }
    }
}

#[test]
fn a_patch_is_compact_in_json() {
    for (patch, text) in [
        (Patch::Set(json!(7)), r#"{"set":7}"#),
        (
            Patch::Append { keep: 2, tail: vec![json!("a")] },
            r#"{"append":{"keep":2,"tail":["a"]}}"#,
        ),
        (
            Patch::Entries {
                set: Map::from_iter([("a".to_owned(), json!(null))]),
                remove: vec!["b".to_owned()],
            },
            r#"{"entries":{"set":{"a":null},"remove":["b"]}}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&patch).unwrap(), text);
        assert_eq!(serde_json::from_str::<Patch>(text).unwrap(), patch);
    }
}

#[test]
fn a_patch_that_does_not_fit_returns_an_error_and_changes_nothing() {
    for (keep, field, message) in [
        (3, json!([1, 2]), "the patch keeps 3 elements of a list that has 2"),
        (1, json!(null), "the patch keeps 1 elements of a list that has 0"),
        (0, json!({}), "the patch appends to a value that is not a list"),
        (1, json!("a"), "the patch appends to a value that is not a list"),
    ] {
        let mut changed = field.clone();
        let error = append(keep, [5]).apply(&mut changed).unwrap_err();
        assert_eq!((error.to_string(), changed), (message.to_owned(), field));
    }
}

#[test]
fn an_append_creates_a_missing_list() {
    let mut field = Value::Null;
    append(0, [5]).apply(&mut field).unwrap();
    assert_eq!(field, json!([5]));
    Patch::Set(json!("a")).apply(&mut field).unwrap();
    assert_eq!(field, json!("a"));
}

#[test]
fn numbers_without_json_form_are_rejected() {
    let (numbers, mut more) = (Vector::from([0.5]), Vector::from([0.5]));
    more.push_back(f64::NAN);
    let error = "JSON has no number for NaN";
    assert_eq!(more.__patch(&numbers).unwrap_err().to_string(), error);
    assert_eq!(Some(f64::NAN).__patch(&None).unwrap_err().to_string(), error);
    let with = crate::state::field::patch_with(|value, to| value.serialize(to), &0.5, &f64::NAN);
    assert_eq!(with.unwrap_err().to_string(), error);
}

/// Knuth's linear congruential generator.
pub(super) struct Dice(pub(super) u64);

impl Dice {
    pub(super) fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// A list and the `Vec` with which it must agree.
type Pair = (Vector<usize>, Vec<usize>);

/// Makes the same random change to both. There are few values, so that lists often have equal elements at equal
/// indices.
fn change((list, model): &mut Pair, dice: &mut Dice) {
    let (place, value) = (dice.roll(model.len() + 1), dice.roll(3));
    match dice.roll(8) {
        0..3 => {
            list.push_back(value);
            model.push(value);
        }
        3 => assert_eq!(list.pop_back(), model.pop()),
        4 => {
            let values = (0..dice.roll(40)).map(|n| n % 3);
            list.extend(values.clone());
            model.extend(values);
        }
        5 if dice.roll(4) == 0 => {
            list.truncate(place);
            model.truncate(place);
        }
        6 => {
            assert_eq!(list.get(place), model.get(place));
            if let (Some(mine), Some(theirs)) = (list.get_mut(place), model.get_mut(place)) {
                (*mine, *theirs) = (value, value);
            }
        }
        7 if dice.roll(20) == 0 => *list = model.clone().into(),
        _ => {}
    }
}

#[test]
fn a_patch_turns_the_old_list_into_the_new_one() {
    let mut dice = Dice(1);
    let mut family: [Pair; 5] = Default::default();
    for _ in 0..1000 {
        let (a, b) = (dice.roll(family.len()), dice.roll(family.len()));
        if dice.roll(2) == 0 {
            family[a] = family[b].clone();
        }
        for _ in 0..dice.roll(4) {
            change(&mut family[a], &mut dice);
        }
        let ((new, new_model), (old, old_model)) = (&family[a], &family[b]);
        assert!(new.iter().eq(new_model));
        let common = new_model.iter().zip(old_model).take_while(|(x, y)| x == y).count();
        assert!(new.kept_prefix_of(old) <= common);

        let patch = new.__patch(old).unwrap();
        assert_eq!(patch.is_none(), new == old);
        if let Some(Patch::Append { keep, .. }) = patch {
            assert_eq!(keep, common);
        }
        assert_eq!(&patched(old, patch), new);
    }
    assert!(family.iter().any(|(list, _)| list.len() > 32), "the lists never grew beyond one node");
}
