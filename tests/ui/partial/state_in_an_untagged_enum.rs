use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(untagged)]
pub enum Shape {
    Circle { #[partial(state)] radius: f64 }, //~ state
    Square { side: f64 },
}

fn main() {}
