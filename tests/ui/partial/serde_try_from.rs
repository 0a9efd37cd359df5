use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(try_from = "u8")] //~ try_from
pub struct Percent {
    pub value: u8,
}

impl TryFrom<u8> for Percent {
    type Error = &'static str;

    fn try_from(value: u8) -> Result<Self, Self::Error> {
        if value <= 100 { Ok(Self { value }) } else { Err("more than all") }
    }
}

fn main() {}
