//! A kiosk that sells drinks: a graph to record.
//!
//! The graph contains no code for its tests. Only resources are not recorded, so a test needs its own
//! [`Prices`]; everything else comes from the log.

use burdock::{ActionError, Failure, prelude::*};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The state of the kiosk.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Till {
    /// All sales.
    pub all_sales: Vector<Sale>,
    /// The drink that the customer ordered.
    pub drink: Slot<String>,
    /// The discount, as a fraction of the price.
    pub discount: f64,
    /// The answer to the customer.
    pub answer: Slot<String>,
}

/// A drink that was sold.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Sale {
    /// The drink.
    pub drink: String,
    /// The price paid.
    pub price: f64,
}

/// The prices of drinks.
pub struct Prices(BTreeMap<&'static str, f64>);

impl Prices {
    /// Creates a price list.
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

/// Apologises for a failure.
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
