use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

fn read<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<u32, D::Error> {
    u32::deserialize(deserializer).map(|value| value + 1)
}

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    #[partial(done)]
    #[serde(deserialize_with = "read")] //~ deserialize_with
    pub amount: u32,
}

fn main() {}
