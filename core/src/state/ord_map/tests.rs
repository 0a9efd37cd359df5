use super::*;
use std::{
    collections::BTreeMap,
    hash::{DefaultHasher, Hash, Hasher},
    ops::Bound,
};

fn squares(len: u32) -> OrdMap<u32, u32> {
    (0..len).map(|n| (n, n * n)).collect()
}

#[test]
fn map_reads_like_a_btree_map() {
    let map = OrdMap::from([("b", 2), ("a", 1), ("c", 3), ("b", 4)]);
    assert_eq!(
        (map.len(), map.is_empty(), OrdMap::<u8, u8>::default().is_empty()),
        (3, false, true)
    );
    assert_eq!((map.get("b"), map.get("d"), map["a"]), (Some(&4), None, 1));
    assert!(map.contains_key("c") && !map.contains_key("d"));
    assert_eq!(map.first_key_value(), Some((&"a", &1)));
    assert_eq!(map.last_key_value(), Some((&"c", &3)));
    assert_eq!(map.keys().rev().collect::<Vec<_>>(), [&"c", &"b", &"a"]);
    assert_eq!(map.values().collect::<Vec<_>>(), [&1, &4, &3]);
    assert_eq!(format!("{map:?}"), r#"{"a": 1, "b": 4, "c": 3}"#);
    assert_eq!(format!("{:?}", map.range("b"..)), r#"{"b": 4, "c": 3}"#);
    assert_eq!(BTreeMap::from(map), BTreeMap::from([("a", 1), ("b", 4), ("c", 3)]));
}

#[test]
fn changes_do_not_affect_clones() {
    let old = squares(100);
    let mut new = old.clone();
    assert_eq!(new.insert(3, 0), Some(9));
    assert_eq!(new.insert(200, 0), None);
    assert_eq!(new.remove(&7), Some(49));
    assert_eq!(new.remove(&7), None);
    *new.get_mut(&8).unwrap() = 1;
    new.retain(|key, _| key % 10 != 5);
    assert_eq!(old, squares(100));
    assert_eq!((new.len(), new.get(&8), new.get(&15)), (90, Some(&1), None));
    new.clear();
    assert!(new.is_empty());
}

#[test]
fn map_is_an_object_in_json_and_its_keys_are_read_back() {
    let map = OrdMap::from([(10, "ten"), (9, "nine"), (-1, "minus one")]);
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(text, r#"{"-1":"minus one","9":"nine","10":"ten"}"#);
    assert_eq!(serde_json::from_str::<OrdMap<i8, &str>>(&text).unwrap(), map);
    let value = serde_json::to_value(&map).unwrap();
    let back: OrdMap<i8, String> = serde_json::from_value(value).unwrap();
    assert!(back.keys().eq(map.keys()));
    let error = serde_json::from_str::<OrdMap<u8, u8>>("7").unwrap_err();
    assert!(error.to_string().contains("a map"), "{error}");
}

#[test]
fn maps_are_compared_and_hashed_by_their_entries() {
    let hash = |map: &OrdMap<u32, u32>| {
        let mut hasher = DefaultHasher::new();
        map.hash(&mut hasher);
        hasher.finish()
    };
    // a different order of insertion gives a different tree
    let backwards: OrdMap<u32, u32> = (0..50).rev().map(|n| (n, n * n)).collect();
    assert_eq!(backwards, squares(50));
    assert_eq!(hash(&backwards), hash(&squares(50)));
    let maps = [squares(0), squares(1), squares(2), OrdMap::from([(0, 1)]), OrdMap::from([(1, 0)])];
    for a in &maps {
        for b in &maps {
            let (x, y) = (BTreeMap::from(a.clone()), BTreeMap::from(b.clone()));
            assert_eq!((a == b, a.cmp(b)), (x == y, x.cmp(&y)));
        }
    }
}

#[test]
fn maps_can_be_shared_between_threads() {
    fn check<T: Send + Sync + Clone + 'static>() {}
    check::<OrdMap<String, String>>();
}

#[test]
fn range_has_the_entries_of_a_btree_map_from_both_ends() {
    let map: OrdMap<u32, u32> = (0..40).map(|n| (n * 2, n)).collect();
    let model = BTreeMap::from(map.clone());
    let bounds = |n| [Bound::Included(n), Bound::Excluded(n), Bound::Unbounded];
    for start in (0..85).flat_map(bounds) {
        for end in (0..85).flat_map(bounds) {
            let inside = |(key, _): &(&u32, &u32)| (start, end).contains(*key);
            let range = map.range((start, end));
            assert_eq!(range.len(), model.iter().filter(inside).count());
            assert!(range.clone().eq(model.iter().filter(inside)));
            assert!(range.rev().eq(model.iter().rev().filter(inside)));
        }
    }
}

#[test]
fn both_ends_of_an_iterator_meet_in_the_middle() {
    let map = squares(20);
    let mut iter = map.iter();
    for n in 0..10 {
        assert_eq!(iter.next().map(|(key, _)| *key), Some(n));
        assert_eq!(iter.next_back().map(|(key, _)| *key), Some(19 - n));
        assert_eq!(iter.len(), 18 - 2 * n as usize);
    }
    assert_eq!((iter.next(), iter.next_back()), (None, None));
}

#[test]
fn tree_stays_ordered_and_balanced_after_each_change() {
    let check = |map: &OrdMap<u32, u32>| map.tree.iter().for_each(|node| node.check());
    let mut seed = 1_u64;
    let mut random = move |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((seed >> 33) % below).unwrap()
    };
    let orders: [&mut dyn FnMut(u32) -> u32; 3] =
        [&mut |n| n, &mut |n| 400 - n, &mut |_| random(400)];
    for order in orders {
        let (mut map, mut model) = (OrdMap::new(), BTreeMap::new());
        for n in 0..400 {
            let key = order(n);
            assert_eq!(map.insert(key, n), model.insert(key, n));
            check(&map);
            if n % 3 == 0 {
                let key = order(n / 2);
                let kept = map.clone();
                assert_eq!(map.remove(&key), model.remove(&key));
                check(&map);
                check(&kept);
            }
            assert!(map.iter().eq(&model));
        }
        while let Some((&key, _)) = model.iter().nth(model.len() / 2) {
            assert_eq!(map.remove(&key), model.remove(&key));
            check(&map);
        }
        assert!(map.is_empty());
    }
}

#[test]
fn removing_a_missing_key_keeps_the_map_shared() {
    let old = squares(100);
    let mut new = old.without(&500);
    assert_eq!((new.remove(&500), new.get_mut(&500)), (None, None));
    assert!(Arc::ptr_eq(old.tree.as_ref().unwrap(), new.tree.as_ref().unwrap()));
}

#[test]
fn difference_has_each_entry_that_is_not_shared() {
    let old = squares(30);
    let new = old.with(3, 0).with(40, 1).without(&10);
    let found: Vec<_> = new.difference(&old).collect();
    assert_eq!(
        found,
        [(Some(&(3, 9)), Some(&(3, 0))), (Some(&(10, 100)), None), (None, Some(&(40, 1))),]
    );
    assert_eq!(new.difference(&OrdMap::new()).count(), 30);
    assert_eq!(OrdMap::new().difference(&new).count(), 30);
}
