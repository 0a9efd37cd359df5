//! Conditions are Rust expressions over `state.field`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub enum Mode {
    #[default]
    Code,
    Question {
        hard: bool,
    },
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
    pub mode: Mode,
    pub name: String,
    pub list: Vec<u32>,
    pub maybe: Option<String>,
    pub slot: Slot<Mode>,
}

#[action(state = Chat, writes(slot))]
async fn work() -> Result<Writes> {
    Ok(Writes { slot: Mode::Code })
}

fn small(number: u32) -> bool {
    number < 3
}

graph! {
    Main(Chat) {
        nodes { a: work, b: work, c: work, d: work, e: work, f: work }
        start a;
        a -> if matches!(state.mode, Mode::Question { hard: true }) && state.count < 10 { b } else { c };
        b -> match state.mode {
            Mode::Code => c,
            Mode::Question { hard } if hard && small(state.count) => pause,
            Mode::Question { .. } => match state.slot {
                Mode::Code if state.slot == state.mode => end,
                _ => if state.list.len() > 3 { d } else if state.list.is_empty() { e } else { pause c },
            },
        };
        c -> match (&state.maybe, state.name.as_str()) {
            (Some(name), "x" | "y") if *name == state.name => d,
            (None, _) => b,
            _ => e,
        };
        d -> match &state.name {
            name if name.starts_with("x") => e,
            _ => f,
        };
        e -> if state.list.iter().any(|number| *number > state.count) { d } else { pause b };
        f -> if let Some(name) = &state.maybe { if name.is_empty() { a } else { end } } else { end };
    }
}
