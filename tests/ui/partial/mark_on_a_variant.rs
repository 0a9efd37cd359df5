use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub enum Shape {
    #[partial(done)] //~ partial
    Circle { radius: f64 },
    Square { side: f64 },
}

fn main() {}
