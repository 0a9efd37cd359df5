//! A kiosk that sells drinks: something to record.
//!
//! What to learn here: nothing in a graph is written for its tests. The resource is the one thing
//! that a record does not have, so a test needs a [`Prices`] of its own; all else comes from the
//! log.

use burdock::{ActionError, Failure, prelude::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What the kiosk remembers.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Till {
    /// Everything that was sold.
    pub all_sales: Vector<Sale>,
    /// What the customer wants.
    pub drink: Slot<String>,
    /// What is taken off the price, as a fraction of it.
    pub discount: f64,
    /// What the customer is told.
    pub answer: Slot<String>,
}

/// A drink that was sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sale {
    /// The drink.
    pub drink: String,
    /// What was paid for it.
    pub price: f64,
}

/// What drinks cost.
pub struct Prices(BTreeMap<&'static str, f64>);

impl Prices {
    /// Prices of these drinks.
    pub fn of<const N: usize>(prices: [(&'static str, f64); N]) -> Self {
        Self(BTreeMap::from(prices))
    }
}

/// Takes an order.
#[action(state = Till, writes(drink, discount))]
async fn take_order(#[input] drink: String, #[input] coupon: Option<f64>) -> Result<Writes> {
    Ok(Writes { drink, discount: coupon.unwrap_or_default() })
}

/// Sells the drink, and prints a receipt line by line.
#[streaming_action(
    state = Till, reads(drink, discount, all_sales), writes(all_sales, answer), yields(String)
)]
async fn sell(till: Reads<'_>, #[resource] prices: &Prices, thanks: String) -> Result<Writes> {
    let drink = till.drink.clone();
    let full = *prices
        .0
        .get(drink.as_str())
        .ok_or_else(|| ActionError::msg(format!("there is no {drink}")).terminal())?;
    let price = full * (1.0 - till.discount);
    yield_!(format!("{drink}: {full:.2}"));
    if price < full {
        yield_!(format!("your coupon: -{:.2}", full - price));
    }
    let mut all_sales = till.all_sales.clone();
    all_sales.push_back(Sale { drink, price });
    Ok(Writes { all_sales, answer: format!("{thanks} That is {price:.2}.") })
}

/// Says that something went wrong.
#[action(state = Till, writes(answer))]
async fn apologise(#[error] failure: &Failure, words: String) -> Result<Writes> {
    let reason = failure.error().map_or_else(|| failure.to_string(), ToString::to_string);
    Ok(Writes { answer: format!("{words} {reason}.") })
}

graph! {
    /// Sells one drink in each run.
    pub Kiosk(Till) {
        inputs { drink: String, coupon: Option<f64> }
        resources { prices: Prices }
        yields String;
        nodes {
            order: take_order,
            sell { thanks: "Thank you!".into() },
            apologise { words: "I am sorry:".into() },
        }
        start order;
        order -> sell;
        sell | apologise -> pause;
        on error sell -> apologise;
    }
}

#[cfg(test)]
mod recorded;
