use burdock_llm::Partial;
use serde::Serialize;

#[derive(Clone, Debug, Serialize)]
pub struct Money(u64);

#[derive(Clone, Debug, Serialize, Partial)]
pub struct Order {
    pub name: String,
    #[partial(done)]
    pub price: Money, //~ Money
}

fn main() {}
