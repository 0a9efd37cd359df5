//! Actions that book a trip. Two graphs use them.

use super::Desk;
use crate::state::{Leg, Mode, Trip};
use burdock::{
    Failure,
    action::{ActionInfo, Attempt, UnsetSlot, Writes},
    prelude::*,
    state::set_of,
    stream::NoItems,
};
use std::{marker::PhantomData, mem, sync::Arc};

/// Chooses the way to travel.
#[action(state = Trip, reads(total), writes(mode))]
pub async fn choose(trip: Reads<'_>, limit: u64) -> Result<Writes> {
    let mode = match *trip.total {
        0 => Mode::Walk,
        total if total < limit => Mode::Plane,
        _ => Mode::Train,
    };
    Ok(Writes { mode })
}

/// Books the trip.
#[action(state = Trip, reads(city, mode), writes(booking))]
pub async fn book(trip: Reads<'_>, #[resource] desk: &Arc<dyn Desk>) -> Result<Writes> {
    let booking = desk.book(trip.city, *trip.mode)?;
    Ok(Writes { booking })
}

/// Records what went wrong.
#[action(state = Trip, writes(problem))]
pub async fn excuse(#[error] failure: &Failure) -> Result<Writes> {
    Ok(Writes { problem: Some(failure.to_string()) })
}

/// Forgets a list of such values. Written by hand.
#[derive(Debug)]
pub struct Forget<T>(PhantomData<T>);

/// An empty list, for the field `legs`.
#[derive(Debug)]
pub struct NoLegs;

impl Action for Forget<Leg> {
    type State = Trip;
    type Reads<'a> = ();
    type Args<'a> = ();
    type Params = ();
    type Writes = NoLegs;
    type Yields = NoItems;

    const INFO: ActionInfo = ActionInfo::new("forget").writes(set_of(Trip::FIELDS, &["legs"]));

    fn reads(_: &Trip) -> Result<(), UnsetSlot> {
        Ok(())
    }

    async fn run(_: Attempt<'_, Self>) -> Result<NoLegs> {
        Ok(NoLegs)
    }
}

impl Writes for NoLegs {
    type State = Trip;
    type Undo = Vector<Leg>;

    fn apply(self, trip: &mut Trip) -> Self::Undo {
        mem::take(&mut trip.legs)
    }

    fn undo(old: Self::Undo, trip: &mut Trip) {
        trip.legs = old;
    }

    fn of(_: &Trip) -> Self {
        NoLegs
    }
}
