use super::{Entry, OrdMap};
use std::{
    collections::{BTreeMap, btree_map},
    sync::Arc,
};

fn random() -> impl FnMut(u64) -> u32 {
    let mut seed = 7_u64;
    move |below| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from((seed >> 33) % below).unwrap()
    }
}

/// Makes the same random change to both maps.
fn change(
    map: &mut OrdMap<u32, u32>,
    model: &mut BTreeMap<u32, u32>,
    random: &mut impl FnMut(u64) -> u32,
) {
    let (key, value) = (random(60), random(1000));
    let (mine, theirs) = (map.entry(key), model.entry(key));
    assert_eq!(format!("{mine:?}"), format!("{theirs:?}"));
    assert_eq!(mine.key(), theirs.key());
    match random(7) {
        0 => assert_eq!(mine.or_insert(value), theirs.or_insert(value)),
        1 => assert_eq!(mine.or_insert_with(|| value), theirs.or_insert_with(|| value)),
        2 => {
            let with = |key: &u32| key + value;
            assert_eq!(mine.or_insert_with_key(with), theirs.or_insert_with_key(with));
        }
        3 => {
            let (mine, theirs) = (mine.or_default(), theirs.or_default());
            assert_eq!(mine, theirs);
            (*mine, *theirs) = (value, value);
        }
        4 => {
            let (mine, theirs) =
                (mine.and_modify(|value| *value += 1), theirs.and_modify(|value| *value += 1));
            assert_eq!(mine.or_insert(value), theirs.or_insert(value));
        }
        _ => match (mine, theirs) {
            (Entry::Vacant(mine), btree_map::Entry::Vacant(theirs)) => {
                if value % 2 == 0 {
                    assert_eq!(mine.into_key(), theirs.into_key());
                } else {
                    let (mine, theirs) = (mine.insert(value), theirs.insert(value));
                    assert_eq!(mine, theirs);
                    (*mine, *theirs) = (value + 1, value + 1);
                }
            }
            (Entry::Occupied(mut mine), btree_map::Entry::Occupied(mut theirs)) => {
                assert_eq!((mine.key(), mine.get()), (theirs.key(), theirs.get()));
                assert_eq!(mine.insert(value), theirs.insert(value));
                (*mine.get_mut(), *theirs.get_mut()) = (value + 1, value + 1);
                match value % 3 {
                    0 => assert_eq!(mine.remove(), theirs.remove()),
                    1 => assert_eq!(mine.remove_entry(), theirs.remove_entry()),
                    _ => (*mine.into_mut(), *theirs.into_mut()) = (value + 2, value + 2),
                }
            }
            (mine, theirs) => panic!("{mine:?}, {theirs:?}"),
        },
    }
}

#[test]
fn entries_agree_with_those_of_a_btree_map_and_do_not_change_clones() {
    let mut random = random();
    let (mut map, mut model) = (OrdMap::new(), BTreeMap::new());
    for _ in 0..200 {
        let (kept, kept_model) = (map.clone(), model.clone());
        for _ in 0..random(20) {
            change(&mut map, &mut model, &mut random);
        }
        assert!(map.iter().eq(&model) && kept.iter().eq(&kept_model));
        map.tree.iter().for_each(|node| node.check());
    }
}

#[test]
fn reading_an_entry_keeps_the_map_shared() {
    let old: OrdMap<u32, u32> = (0..100).map(|n| (n, n * n)).collect();
    let mut new = old.clone();
    for key in [7, 700] {
        match new.entry(key) {
            Entry::Occupied(entry) => assert_eq!((entry.key(), entry.get()), (&7, &49)),
            Entry::Vacant(entry) => assert_eq!(entry.into_key(), 700),
        }
    }
    assert!(Arc::ptr_eq(old.tree.as_ref().unwrap(), new.tree.as_ref().unwrap()));
}

#[test]
fn value_without_clone_can_be_inserted() {
    #[derive(Debug, PartialEq)]
    struct Unique(u32);

    let mut map: OrdMap<&str, Unique> = OrdMap::new();
    let Entry::Vacant(entry) = map.entry("a") else { panic!("the map is empty") };
    entry.insert(Unique(1)).0 = 2;
    assert_eq!(map.get("a"), Some(&Unique(2)));
}
