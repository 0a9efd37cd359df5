use burdock::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Fibonacci {
    pub value: u64,
}

#[streaming_action(state = Fibonacci, writes(value), yields(u64))]
async fn add(#[input] n: u64, #[graph] smaller: Sub<'_, Adding, 16>) -> Result<Writes> {
    if n < 2 {
        yield_!(n);
        return Ok(Writes { value: n });
    }
    let mut runs = smaller.each([n - 1, n - 2].map(|n| (n.to_string(), AddingInputs { n })));
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { item, .. } = event? {
            yield_!(item);
        }
    }
    Ok(Writes { value: runs.into_ends().map(|(_, end)| end.state().value).sum() })
}

graph! {
    pub Adding(Fibonacci) {
        inputs { n: u64 }
        yields u64;
        nodes { add }
        start add;
        add -> end;
    }
}
