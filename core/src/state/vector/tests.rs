use super::*;
use std::hash::{Hash, Hasher};

fn numbers(len: u32) -> Vector<u32> {
    (0..len).collect()
}

/// The common prefix according to the lineages alone, without a comparison of addresses.
fn common_prefix<T>(new: &Vector<T>, old: &Vector<T>) -> usize {
    new.lineage.common(new.len(), &old.lineage, old.len())
}

#[test]
fn a_list_reads_like_a_vec() {
    let list = Vector::from(vec!["a", "b", "c"]);
    assert_eq!((list.len(), list.first(), list.last()), (3, Some(&"a"), Some(&"c")));
    assert_eq!((list[1], list.get(3)), ("b", None));
    assert_eq!(list.iter().rev().collect::<Vec<_>>(), [&"c", &"b", &"a"]);
    assert_eq!(list.iter().len(), 3);
    assert_eq!(format!("{list:?}"), r#"["a", "b", "c"]"#);
    let mut owned = list.into_iter();
    assert_eq!((owned.next_back(), owned.len()), (Some("c"), 2));
    assert_eq!(owned.collect::<Vec<_>>(), ["a", "b"]);
    assert!(Vector::<u8>::default().is_empty());
}

#[test]
fn a_change_is_not_seen_by_a_clone() {
    let old = numbers(100);
    let mut new = old.clone();
    new.push_back(100);
    new[3] = 7;
    assert_eq!(new.pop_back(), Some(100));
    assert_eq!(old, numbers(100));
    assert_eq!(new.iter().sum::<u32>(), old.iter().sum::<u32>() + 4);
}

#[test]
fn with_and_with_all_do_not_change_the_old_list() {
    let old = numbers(3);
    let new = old.with(3).with_all([4, 5]);
    assert_eq!((old, new), (numbers(3), numbers(6)));
}

#[test]
fn insert_remove_and_retain_agree_with_those_of_a_vec() {
    for len in [0, 1, 5, 40, 70] {
        for index in 0..=len {
            let (mut list, mut model) = (numbers(len), (0..len).collect::<Vec<_>>());
            let (old, place) = (list.clone(), index as usize);
            list.insert(place, 99);
            model.insert(place, 99);
            assert_eq!((Vec::from(list.clone()), list.contains(&99)), (model.clone(), true));
            assert_eq!(list.kept_prefix_of(&old), place);
            assert_eq!(list.remove(place), Some(99));
            assert_eq!(list.remove(len as usize), None);
            assert_eq!((&list, list.contains(&99)), (&old, false));
            list.retain(|number| *number < index || number % 3 == 0);
            model.retain(|number| *number < 99 && (*number < index || number % 3 == 0));
            assert_eq!(Vec::from(list.clone()), model);
            assert!(list.kept_prefix_of(&old) >= place, "the kept prefix is shared");
        }
    }
}

#[test]
fn retaining_all_elements_keeps_the_version() {
    let mut list = numbers(9);
    let version = list.lineage.version;
    list.retain(|_| true);
    assert_eq!(list.lineage.version, version);
}

#[test]
fn lists_are_ordered_like_vecs() {
    let lists = [vec![], vec![1], vec![1, 0], vec![1, 2], vec![2]];
    for a in &lists {
        for b in &lists {
            assert_eq!(Vector::from(a.clone()).cmp(&b.clone().into()), a.cmp(b));
        }
    }
    assert_eq!(Vector::from([f64::NAN]).partial_cmp(&Vector::from([0.0])), None);
}

#[test]
fn a_list_serializes_as_a_sequence() {
    let list = numbers(3);
    let text = serde_json::to_string(&list).unwrap();
    assert_eq!(text, "[0,1,2]");
    assert_eq!(serde_json::from_str::<Vector<u32>>(&text).unwrap(), list);
    assert!(
        serde_json::from_str::<Vector<u32>>("7").unwrap_err().to_string().contains("a sequence")
    );
}

#[test]
fn equality_and_hash_ignore_the_lineage() {
    let mut set = std::collections::BTreeMap::new();
    for list in [numbers(3), numbers(4).clone(), numbers(3).clone()] {
        let mut hasher = std::hash::DefaultHasher::new();
        list.hash(&mut hasher);
        set.insert(hasher.finish(), list);
    }
    assert_eq!(set.len(), 2);
}

#[test]
fn lists_can_be_shared_between_threads() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<Vector<String>>();
}

#[test]
fn a_changed_clone_shares_the_prefix_before_the_first_change() {
    let old = numbers(100);
    assert_eq!(common_prefix(&old, &old.clone()), 100);

    let mut new = old.clone();
    new.extend([1, 2, 3]);
    assert_eq!(common_prefix(&new, &old), 100);
    new.truncate(90);
    new.extend(0..20);
    assert_eq!(common_prefix(&new, &old), 90);
    *new.get_mut(40).unwrap() = 7;
    assert_eq!(common_prefix(&new, &old), 40);
    assert_eq!(common_prefix(&old, &new), 40);
    assert_eq!(new.kept_prefix_of(&old), 40);
}

#[test]
fn a_list_changed_in_place_shares_a_prefix_with_its_clone() {
    let mut list = numbers(10);
    list = list.clone();
    list.push_back(10);
    let snapshot = list.clone();
    list.push_back(11);
    assert_eq!(common_prefix(&list, &snapshot), 11);
}

#[test]
fn intermediate_clones_do_not_lose_the_origin() {
    let old = numbers(10);
    let mut new = old.clone();
    let mut clones = Vec::new();
    for number in 0..20 {
        new.push_back(number);
        clones.push(new.clone());
    }
    new.push_back(20);
    assert_eq!(common_prefix(&new, &old), 10);
    assert_eq!(common_prefix(&new, clones.last().unwrap()), 30);
}

#[test]
fn a_clone_of_a_changed_clone_shares_a_prefix_with_the_first_list_and_with_its_other_clones() {
    let old = numbers(10);
    let mut child = old.clone();
    child.push_back(10);
    let mut grandchild = child.clone().clone();
    grandchild.push_back(11);
    assert_eq!(common_prefix(&grandchild, &child), 11);
    assert_eq!(common_prefix(&grandchild, &old), 10);

    let mut sibling = old.clone();
    sibling.truncate(5);
    assert_eq!(common_prefix(&grandchild, &sibling), 5);
}

#[test]
fn lists_without_a_recorded_common_ancestor_are_compared_by_address() {
    let old = numbers(10);
    let mut new = old.clone();
    for number in 0..5 {
        let mut next = new.clone();
        next.push_back(number);
        new = next;
    }
    assert_eq!(common_prefix(&new, &old), 0);
    assert_eq!(new.kept_prefix_of(&old), 10);
    assert_eq!(numbers(10).kept_prefix_of(&old), 0);
}

#[test]
fn changes_without_a_clone_keep_the_version() {
    let mut list = numbers(1);
    let version = list.lineage.version;
    list.push_back(1);
    assert_eq!(list.pop_back(), Some(1));
    assert_eq!(list.get_mut(9), None);
    assert_eq!(list.lineage.version, version);
    let snapshot = list.clone();
    list.truncate(1);
    assert_eq!((list.lineage.version, list.len()), (version, 1));
    list.push_back(1);
    assert_ne!(list.lineage.version, snapshot.lineage.version);
}
