//! Fields, nodes, inputs, resources and parameters can be named by keywords.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub r#type: u32,
    pub r#match: Slot<String>,
    pub r#where: Vector<String>,
}

#[action(state = Chat, writes(r#type?), appends(r#where))]
async fn r#fn(#[input] r#in: String) -> Result<Writes> {
    Ok(Writes { r#type: None, r#where: vec![r#in] })
}

#[action(state = Chat, reads(r#type), writes(r#type, r#match))]
async fn r#loop(
    chat: Reads<'_>,
    #[input] r#in: String,
    #[resource] r#use: &u32,
    r#mod: u32,
) -> Result<Writes> {
    Ok(Writes { r#type: chat.r#type + r#use + r#mod, r#match: r#in })
}

#[action(state = Chat, reads(r#match), blocking)]
fn r#move(
    chat: Reads<'_>,
    #[input] r#in: &str2::Text,
    #[resource] r#use: &u32,
    r#mod: u32,
) -> Result<Writes> {
    let _ = (chat.r#match, r#in, r#use, r#mod);
    Ok(Writes {})
}

mod str2 {
    pub type Text = String;
}

graph! {
    Main(Chat) {
        inputs { r#in: String }
        resources { r#use: u32 }
        nodes {
            r#for: r#loop { r#mod: 1 },
            r#move { r#mod: 2 },
            r#fn,
        }
        start r#for;
        r#for -> if state.r#type < 3 && !state.r#match.is_empty() { r#for } else { r#move };
        r#move -> r#fn;
        r#fn -> pause r#for;
    }
}
