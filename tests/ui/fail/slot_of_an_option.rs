//! A slot cannot hold an `Option`, because `None` and an unset slot are both stored as `null`.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub answer: Slot<Option<String>>, //~ answer
}

fn main() {}
