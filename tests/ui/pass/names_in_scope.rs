//! Constants, statics, unit structs and functions in scope can have the names of fields, inputs and nodes, and
//! those that the expansion uses.
#![allow(non_upper_case_globals, non_snake_case, non_camel_case_types, dead_code)]

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

const LIMIT: u32 = 3;
static READS: &str = "reads";
static WRITES: &str = "writes";
struct prompt;
fn call() {}
fn reads() {}
const args: u32 = 1;
static params: u32 = 2;
struct context;
const failure: () = ();
// names that the templates might use
const state: u32 = 1;
const value: u32 = 1;
const undo: u32 = 1;
const inputs: u32 = 1;
const resources: u32 = 1;
const node: u32 = 1;
const step: u32 = 1;
const item: u32 = 1;
const f: u32 = 1;
const old: u32 = 1;
const new: u32 = 1;
const serializer: u32 = 1;
const NAMES: u32 = 1;
const MARK: u32 = 1;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub LIMIT: u32,
    pub prompt: Slot<String>,
    pub READS: u32,
}

#[action(state = Chat, reads(LIMIT, prompt, READS), writes(LIMIT, prompt))]
async fn ask(chat: Reads<'_>, #[input] text: String, number: u32) -> Result<Writes> {
    let _: (&str, &str, prompt) = (READS, WRITES, prompt);
    call();
    reads();
    Ok(Writes { LIMIT: LIMIT + chat.LIMIT + args + params + number, prompt: text + chat.prompt })
}

#[action(state = Chat, reads(LIMIT, prompt, READS), writes(LIMIT, prompt), blocking)]
fn ask_slowly(chat: Reads<'_>, #[input] text: String, number: u32) -> Result<Writes> {
    let _: (&str, &str, prompt, context) = (READS, WRITES, prompt, context);
    call();
    reads();
    Ok(Writes { LIMIT: LIMIT + chat.LIMIT + args + params + number, prompt: text + chat.prompt })
}

#[streaming_action(state = Chat, yields(u32))]
async fn speak(#[resource] limit: &u32) -> Result<Writes> {
    yield_!(item + state + *limit);
    Ok(Writes {})
}

#[action(state = Chat, writes(prompt))]
async fn open() -> Result<Writes> {
    Ok(Writes { prompt: String::new() })
}

graph! {
    Main(Chat) {
        inputs { text: String }
        resources { limit: u32 }
        yields u32;
        nodes { open, speak, LIMIT: ask { number: LIMIT }, READS: ask_slowly { number: args } }
        start open;
        open -> speak;
        speak -> LIMIT;
        LIMIT -> if state.LIMIT > LIMIT { READS } else { LIMIT };
        READS -> pause open;
    }
}

#[test]
fn it_runs() {
    let _ = Main::app().resources(MainResources { limit: 1 });
}
