use burdock_llm::Partial;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Serialize, Deserialize, Partial)]
#[serde(from = "String", into = "String")] //~ from
pub struct Name {
    pub name: String,
}

impl From<String> for Name {
    fn from(name: String) -> Self {
        Self { name }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.name
    }
}

fn main() {}
