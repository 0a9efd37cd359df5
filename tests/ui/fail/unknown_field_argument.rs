//! `#[state(…)]` on a field takes one argument.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[state(pub)] //~ pub
    pub count: u32,
}

fn main() {}
