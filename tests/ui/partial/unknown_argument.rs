use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    #[partial(don)] //~ don
    pub name: String,
}

fn main() {}
