//! A condition can access a field only if its module can.

use burdock::prelude::*;

mod memory {
    use burdock::prelude::*;
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Chat {
        count: u32,
    }
}

#[action(state = memory::Chat)]
async fn work() -> Result<Writes> {
    Ok(Writes {})
}

graph! {
    Main(memory::Chat) {
        nodes { work }
        start work;
        work -> if state.count < 3 { pause } else { end }; //~ count
    }
}

fn main() {}
