use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(tag = "type")]
pub enum Shape {
    Circle { radius: f64 },
    #[serde(untagged)] //~ untagged
    Square { side: f64 },
}

fn main() {}
