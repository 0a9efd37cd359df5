use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    #[serde(rename(serialize = "a", deserialize = "b"))] //~ deserialize
    pub name: String,
}

fn main() {}
