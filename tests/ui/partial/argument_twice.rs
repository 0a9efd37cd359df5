use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    #[partial(done)]
    #[partial(done)] //~ done
    pub name: String,
}

fn main() {}
