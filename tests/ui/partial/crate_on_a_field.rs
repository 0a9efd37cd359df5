use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order {
    #[partial(crate = ::burdock_llm)] //~ crate
    pub name: String,
}

fn main() {}
