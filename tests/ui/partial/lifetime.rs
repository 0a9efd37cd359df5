use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
pub struct Order<'a> { //~ 'a
    pub name: &'a str,
}

fn main() {}
