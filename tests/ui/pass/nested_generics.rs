//! Fields can have any type.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

use std::collections::BTreeMap;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub map: BTreeMap<String, Vec<Option<(u32, [u8; 4])>>>,
    pub slot: Slot<BTreeMap<String, Vec<u32>>>,
    pub list: Slot<Vector<Vector<String>>>,
    pub full: burdock::Slot<Box<str>>,
    pub unit: (),
}

#[action(state = Chat, reads(map), writes(map, slot, list, full, unit))]
async fn fill(chat: Reads<'_>) -> Result<Writes> {
    let map: &BTreeMap<String, Vec<Option<(u32, [u8; 4])>>> = chat.map;
    Ok(Writes {
        map: map.clone(),
        slot: BTreeMap::new(),
        list: Vector::new(),
        full: "full".into(),
        unit: (),
    })
}

#[action(state = Chat, reads(slot, list, full))]
async fn look(chat: Reads<'_>) -> Result<Writes> {
    let (_, _, _): (&BTreeMap<String, Vec<u32>>, &Vector<Vector<String>>, &Box<str>) =
        (chat.slot, chat.list, chat.full);
    Ok(Writes {})
}

graph! {
    Main(Chat) {
        nodes { fill, look }
        start fill;
        fill -> if state.map.values().any(|list| list.iter().flatten().count() > 3) { look } else { end };
        look -> end;
    }
}
