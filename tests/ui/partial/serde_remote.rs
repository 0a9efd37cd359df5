use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

pub struct Theirs {
    pub name: String,
}

#[derive(Serialize, Deserialize, Partial)]
#[serde(remote = "Theirs")] //~ remote
pub struct Ours {
    pub name: String,
}

fn main() {}
