//! The path of an action has an argument that does not satisfy a bound.

use burdock::action::{Action, ActionInfo, Attempt, UnsetSlot, Writes};
use burdock::{prelude::*, stream::NoItems};
use serde::{Deserialize, Serialize};
use std::marker::PhantomData;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
}

struct Nothing;

impl Writes for Nothing {
    type State = Chat;
    type Undo = ();

    fn apply(self, _: &mut Chat) {}

    fn undo((): (), _: &mut Chat) {}

    fn of(_: &Chat) -> Self {
        Nothing
    }
}

struct Say<T>(PhantomData<T>);

impl<T: Default + 'static> Action for Say<T> {
    type State = Chat;
    type Reads<'a> = ();
    type Args<'a> = ();
    type Params = ();
    type Writes = Nothing;
    type Yields = NoItems;
    const INFO: ActionInfo = ActionInfo::new("Say");

    fn reads(_: &Chat) -> std::result::Result<(), UnsetSlot> {
        Ok(())
    }

    async fn run(_: Attempt<'_, Self>) -> Result<Nothing> {
        Ok(Nothing)
    }
}

graph! {
    Main(Chat) {
        nodes { say: Say::<&'static Chat> } //~ Say
        start say;
        say -> pause;
    }
}

fn main() {}
