use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Address {
    pub street: String,
}

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    #[serde(flatten)]
    #[partial(state)] //~ state
    pub address: Address,
}

fn main() {}
