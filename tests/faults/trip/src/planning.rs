//! The graph that plans and books a trip.

use crate::{
    actions::{
        Desk, Prices,
        booking::{Forget, book, choose, excuse},
        legs::{Found, add_up, ask, search},
    },
    state::{Leg, Mode, Trip},
};
use burdock::{Retry, prelude::*};
use std::{sync::Arc, time::Duration};

graph! {
    /// Plans and books a trip.
    #[derive(Clone, Copy)]
    #[renamed_from("Journey")]
    pub Planning(Trip) {
        inputs {
            /// Where to go.
            #[public]
            destination: String,
            via: Option<String>,
        }
        resources {
            prices: Prices,
            desk: Arc<dyn Desk>,
        }
        yields Found;
        nodes {
            ask,
            /// Looks for direct legs first.
            search: search { at_most: 3 },
            add_up,
            cheap: choose { limit: 10_000 },
            comfortable: choose { limit: u64::MAX },
            #[timeout(Duration::from_secs(20))]
            #[retry(Retry::times(3).first(Duration::from_millis(100)))]
            book,
            forget: Forget::<Leg>,
            excuse,
        }
        start ask;
        ask -> search;
        search -> if state.legs.is_empty() { pause ask } else { add_up };
        add_up -> if state.total > 100_000 {
            cheap
        } else if state.city == "Rome" {
            comfortable
        } else {
            cheap
        };
        cheap | comfortable -> match &state.mode {
            Mode::Walk => end,
            Mode::Plane if state.total > 50_000 => forget,
            Mode::Plane | Mode::Train => book,
        };
        forget -> pause;
        book -> end;
        on error search | book -> excuse;
        excuse -> pause ask;
    }
}
