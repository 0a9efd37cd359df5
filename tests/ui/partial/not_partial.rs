use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Money(u64);

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    pub name: String,
    pub price: Money, //~ Money
}

fn main() {}
