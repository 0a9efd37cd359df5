use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(tag = "type")] //~ tag
pub struct Order {
    pub name: String,
}

fn main() {}
