use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Money(u64);

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub enum Payment {
    Cash(Money), //~ Money
    Card { number: String },
}

fn main() {}
