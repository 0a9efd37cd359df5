use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Pair(String, #[partial(done)] u8); //~ done

fn main() {}
