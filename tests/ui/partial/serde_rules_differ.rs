use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(rename_all(serialize = "camelCase"))] //~ serialize
pub struct Order {
    pub first_name: String,
}

fn main() {}
