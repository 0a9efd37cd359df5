//! The two states, and what their fields hold.

use burdock::{log::Document, prelude::*};
use serde::{Deserialize, Serialize};

/// The way to travel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Mode {
    /// By train.
    #[default]
    Train,
    /// By plane.
    Plane,
    /// On foot.
    Walk,
}

/// One leg of a trip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leg {
    /// Where it ends.
    pub to: String,
    /// The way to travel.
    pub mode: Mode,
    /// In cents.
    pub price: u64,
}

/// A trip that is planned and booked.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
#[state(version = 2, migrate = [from_1])]
#[serde(rename_all = "camelCase")]
pub struct Trip {
    /// The destination.
    #[state(public)]
    pub city: Slot<String>,
    /// The legs that were found.
    pub legs: Vector<Leg>,
    /// Prices by name of the city.
    pub prices: OrdMap<String, u64>,
    /// The sum of all prices.
    pub total: u64,
    /// The way that was chosen.
    pub mode: Slot<Mode>,
    /// The number of the booking.
    #[serde(rename = "bookingNumber")]
    pub booking: Slot<u64>,
    /// The last problem.
    #[serde(default)]
    pub problem: Option<String>,
}

/// `cost` became `total`.
fn from_1(mut trip: Document) -> Result<Document, &'static str> {
    let total = trip.remove("cost").ok_or("it has no `cost`")?;
    trip.insert("total".into(), total);
    Ok(trip)
}

/// The answers of travellers about a trip.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Answers {
    /// One text per question.
    pub texts: Vector<String>,
    /// From 1 to 5.
    pub stars: Slot<u8>,
    /// Whether everything was asked.
    pub complete: bool,
}
