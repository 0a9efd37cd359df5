//! A graph and the graphs that its actions run have the same resources.

use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub count: u32,
}

#[derive(Clone)]
struct Llm;

#[action(state = Chat, writes(count))]
async fn work(#[resource] llm: &Llm) -> Result<Writes> {
    let _ = llm;
    Ok(Writes { count: 1 })
}

graph! {
    Child(Chat) {
        resources { llm: Llm }
        nodes { work }
        start work;
        work -> end;
    }
}

#[action(state = Chat, writes(count))]
async fn use_other(#[resource] llm: &String) -> Result<Writes> {
    let _ = llm;
    Ok(Writes { count: 1 })
}

#[action(state = Chat, writes(count))]
async fn ask(#[graph] child: Sub<'_, Child>) -> Result<Writes> {
    Ok(Writes { count: child.run("a", ChildInputs {}).await?.state().count })
}

graph! {
    Main(Chat) {
        resources { llm: String }
        nodes {
            use_other,
            ask, //~ ask
        }
        start use_other;
        use_other -> ask;
        ask -> end;
    }
}

fn main() {}
