use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    #[serde(skip)]
    #[partial(done)] //~ done
    pub name: String,
}

fn main() {}
