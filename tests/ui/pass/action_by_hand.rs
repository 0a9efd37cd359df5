//! Actions can be implemented by hand beside those of the macros.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

use burdock::action::{ActionInfo, Attempt, TwoStep, UnsetSlot, Writes};
use burdock::state::set_of;
use burdock::stream::{Items, NoItems, Yielder};

struct Count(u32);

impl Writes for Count {
    type State = Chat;
    type Undo = u32;

    fn apply(self, state: &mut Chat) -> u32 {
        std::mem::replace(&mut state.count, self.0)
    }

    fn undo(undo: u32, state: &mut Chat) {
        state.count = undo;
    }

    fn of(state: &Chat) -> Self {
        Count(state.count)
    }
}

struct Increment;

impl Action for Increment {
    type State = Chat;
    type Reads<'a> = u32;
    type Args<'a> = ();
    type Params = ();
    type Writes = Count;
    type Yields = NoItems;
    const INFO: ActionInfo = ActionInfo::new("Increment")
        .reads(set_of(Chat::FIELDS, &["count"]))
        .writes(set_of(Chat::FIELDS, &["count"]));

    fn reads(state: &Chat) -> std::result::Result<u32, UnsetSlot> {
        Ok(state.count)
    }

    async fn run(attempt: Attempt<'_, Self>) -> Result<Count> {
        Ok(Count(attempt.reads + 1))
    }
}

struct Twice;

impl TwoStep for Twice {
    type State = Chat;
    type Reads<'a> = &'a u32;
    type Writes = Count;
    type Yields = Items<String>;
    type Output = u32;
    const INFO: ActionInfo = ActionInfo::new("Twice")
        .reads(set_of(Chat::FIELDS, &["count"]))
        .writes(set_of(Chat::FIELDS, &["count"]));

    fn reads(state: &Chat) -> std::result::Result<&u32, UnsetSlot> {
        Ok(&state.count)
    }

    async fn produce<'a>(reads: &'a u32, mut yielder: Yielder<'a, String>) -> Result<u32> {
        yielder.emit(reads.to_string()).await;
        Ok(reads * 2)
    }

    fn update(_: &u32, output: u32) -> Result<Count> {
        Ok(Count(output))
    }
}

#[action(state = Chat, reads(count), writes(count))]
async fn count(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { count: chat.count + 1 })
}

graph! {
    Main(Chat) {
        yields String;
        nodes { increment: Increment, twice: Twice, count }
        start increment;
        increment -> twice;
        twice -> count;
        count -> end;
    }
}
