use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[partial(done)] //~ done
pub struct Order {
    pub name: String,
}

fn main() {}
