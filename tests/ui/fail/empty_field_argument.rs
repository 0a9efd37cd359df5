//! `#[state(…)]` on a field has an argument.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    #[state()] //~ #[state()]
    pub count: u32,
}

fn main() {}
