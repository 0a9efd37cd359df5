//! Actions that find the legs of a trip.

use super::Prices;
use crate::state::{Leg, Mode, Trip};
use burdock::{Context, prelude::*};

/// The progress of a search.
#[derive(Clone, Debug)]
pub enum Found {
    /// A leg.
    Leg(Leg),
    /// The number of legs so far.
    Count(usize),
}

/// Takes the destination.
#[action(state = Trip, writes(city, problem))]
pub async fn ask(#[input] destination: &String) -> Result<Writes> {
    let city = destination.trim().to_owned();
    burdock::ensure!(!city.is_empty(), "there is no destination");
    Ok(Writes { city, problem: None })
}

/// Finds more legs, and shows each one.
#[streaming_action(state = Trip, reads(city), appends(legs), yields(Found))]
pub async fn search(
    trip: Reads<'_>,
    #[input] via: Option<String>,
    #[resource] prices: &Prices,
    #[context] cx: &Context,
    #[param(default = 2)] at_most: usize,
) -> Result<Writes> {
    let mut legs = Vec::new();
    for to in via.iter().chain([trip.city]).take(at_most) {
        let leg = Leg { to: to.clone(), mode: Mode::Train, price: prices.per_leg };
        legs.push(leg.clone());
        if yield_!(Found::Leg(leg)).is_stop() || cx.is_stopped() {
            break;
        }
    }
    yield_!(Found::Count(legs.len()));
    Ok(Writes { legs })
}

/// Adds up the prices, on its own thread.
#[streaming_action(blocking, state = Trip, reads(legs, prices), writes(total?, prices), yields(usize))]
pub fn add_up(trip: Reads<'_>) -> Result<Writes> {
    let mut total = 0;
    let mut prices = trip.prices.clone();
    for leg in trip.legs {
        total += leg.price;
        prices = prices.with(leg.to.clone(), leg.price);
    }
    yield_from!(0..trip.legs.len());
    Ok(Writes { total: Some(total), prices })
}

impl From<usize> for Found {
    fn from(count: usize) -> Self {
        Self::Count(count)
    }
}
