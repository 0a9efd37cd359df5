//! The graph that changes the booking of a trip.

use crate::{
    actions::{
        Desk,
        booking::{book, choose},
        legs,
    },
    state::Trip,
};
use burdock::prelude::*;
use std::sync::Arc;

graph! {
    /// Changes the destination of a trip.
    pub Change(Trip) {
        inputs { destination: String }
        resources { desk: Arc<dyn Desk> }
        nodes { ask: legs::ask, choose { limit: 5_000 }, book }
        start ask;
        ask -> choose;
        choose -> if state.problem.is_none() { book } else { pause };
        book -> end;
    }
}
