use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(into = "u8")] //~ into
pub struct Percent {
    pub value: u8,
}

impl From<Percent> for u8 {
    fn from(percent: Percent) -> Self {
        percent.value
    }
}

fn main() {}
