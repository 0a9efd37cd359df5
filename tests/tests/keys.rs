//! Map keys that are not read back as they were written are rejected, in an initial state and in a commit.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

use burdock::{App, log::MemoryLog, prelude::*};
use futures::executor::block_on;
use serde::{Deserialize, Serialize};

/// A number is written as its digits, which are read back as text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Name {
    Text(String),
    Number(u8),
}

pub type Names = OrdMap<Name, u8>;

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shop {
    pub stock: OrdMap<Name, u8>,
    pub ordered: Slot<OrdMap<Name, u8>>,
}

#[action(state = Shop, reads(stock), writes(stock, ordered))]
pub async fn order(shop: Reads<'_>, #[input] key: &Name, #[input] stock: bool) -> Result<Writes> {
    let ordered = Names::from([(Name::Text("tea".into()), 1)]);
    Ok(if stock {
        Writes { stock: shop.stock.with(key.clone(), 1), ordered }
    } else {
        Writes { stock: shop.stock.clone(), ordered: ordered.with(key.clone(), 1) }
    })
}

graph! {
    pub Ordering(Shop) {
        inputs { key: Name, stock: bool }
        nodes { order }
        start order;
        order -> pause order;
    }
}

/// Opens a session with this initial state.
fn open(state: Shop) -> Result<App<Ordering>, String> {
    let app = Ordering::app().id("s").state(state).log(MemoryLog::new());
    block_on(app.build()).map_err(|error| format!("{error:?}"))
}

/// Writes the key to `stock`, or to the slot.
fn order_in(app: &mut App<Ordering>, key: Name, stock: bool) -> Result<(), String> {
    let run = app.run(OrderingInputs { key, stock });
    block_on(run.into_future()).map(drop).map_err(|error| format!("{error:?}"))
}

fn assert_refused(result: Result<(), String>, field: &str) {
    let error = result.unwrap_err();
    assert!(error.contains(&format!("field `{field}`")), "{error}");
    assert!(error.contains("the key `1` is read back as another key"), "{error}");
}

#[test]
fn a_map_key_that_is_read_back_differently_is_rejected_in_an_initial_state_and_in_a_commit() {
    let firsts = |key: Name| {
        let names = Names::from([(Name::Text("tea".into()), 2), (key, 3)]);
        let stock = Shop { stock: names.clone(), ordered: Slot::unset() };
        [("stock", stock), ("ordered", Shop { stock: Names::new(), ordered: Slot::set(names) })]
    };
    for (field, first) in firsts(Name::Number(1)) {
        let text = Name::Text("2".into());
        assert_refused(open(first).and_then(|mut app| order_in(&mut app, text, true)), field);
    }
    for (field, first) in firsts(Name::Text("1".into())) {
        let mut app = open(first.clone()).unwrap();
        assert_refused(order_in(&mut app, Name::Number(1), field == "stock"), field);
        assert_eq!(app.state(), &first);
    }
}
