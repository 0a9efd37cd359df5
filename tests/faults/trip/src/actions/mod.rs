//! The actions, by what they work on.

pub mod answers;
pub mod booking;
pub mod legs;

use crate::state::Mode;
use burdock::Result;

/// The prices of a company.
#[derive(Debug)]
pub struct Prices {
    /// In cents per leg.
    pub per_leg: u64,
}

/// Books what was found.
pub trait Desk: Send + Sync {
    /// Returns the number of the booking.
    ///
    /// # Errors
    /// Returns an error if there is no seat.
    fn book(&self, city: &str, mode: Mode) -> Result<u64>;
}
