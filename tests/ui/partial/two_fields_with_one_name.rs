use burdock_llm::Partial;
use serde::Serialize;

#[derive(Clone, Debug, Serialize, Partial)]
pub struct Order {
    #[serde(rename = "title")]
    pub name: String,
    pub title: String, //~ title
}

fn main() {}
