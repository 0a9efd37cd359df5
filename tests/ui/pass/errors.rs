//! An action can fail with any error.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub prompt: Slot<String>,
}

#[derive(Debug)]
struct Failed;

impl std::fmt::Display for Failed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("failed")
    }
}

impl std::error::Error for Failed {}

#[action(state = Chat, writes(count))]
async fn own() -> Result<Writes, Failed> {
    Err(Failed)
}

#[action(state = Chat, writes(count))]
fn std_result() -> std::result::Result<Writes, std::num::ParseIntError> {
    Ok(Writes { count: "3".parse()? })
}

#[streaming_action(state = Chat, yields(String))]
async fn mixed() -> Result<Writes> {
    let text = std::fs::read_to_string("lost")?;
    let number: u32 = text.parse()?;
    if number > 3 {
        return Err(burdock::ActionError::msg("too large").terminal());
    }
    yield_!(format!("{}", u8::try_from(number)?));
    Err(Failed)?
}

#[action(state = Chat, blocking)]
fn thread() -> Result<Writes, Failed> {
    Err(Failed)
}

type Boxed = Box<dyn std::error::Error + Send + Sync>;

#[action(state = Chat)]
async fn boxed() -> Result<Writes, Boxed> {
    Err("a text")?
}

#[action(state = Chat)]
async fn text() -> Result<Writes> {
    let found: Result<(), Boxed> = Ok(());
    found?;
    if true { Err("a text".into()) } else { Err(format!("a string"))? }
}

graph! {
    Main(Chat) {
        yields String;
        nodes { own, std_result, mixed, thread, boxed, text }
        start own;
        own -> std_result;
        std_result -> mixed;
        mixed -> thread;
        thread -> boxed;
        boxed -> text;
        text -> pause own;
    }
}
