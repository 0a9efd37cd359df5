//! A graph that asks several travellers at the same time, and the graph that asks one.

use crate::state::Answers;
use burdock::prelude::*;

/// Repeats one answer.
#[streaming_action(state = Answers, appends(texts), yields(String))]
async fn repeat(#[input] text: String, #[resource] times: &u32) -> Result<Writes> {
    for _ in 0..*times {
        yield_!(text.clone());
    }
    Ok(Writes { texts: vec![text] })
}

graph! {
    /// Asks one traveller.
    Repeating(Answers) {
        inputs { text: String }
        resources { times: u32 }
        yields String;
        nodes { repeat }
        start repeat;
        repeat -> end;
    }
}

/// Asks each traveller.
#[streaming_action(state = Answers, appends(texts), yields(String))]
async fn ask_all(
    #[input] texts: &Vec<String>,
    #[graph] repeating: Sub<'_, Repeating>,
) -> Result<Writes> {
    let start = |text: &String| (text.clone(), RepeatingInputs { text: text.clone() });
    let mut runs = repeating.each(texts.iter().map(start)).at_most(2);
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { item, .. } = event? {
            yield_!(item);
        }
    }
    let ends = runs.into_ends();
    Ok(Writes { texts: ends.flat_map(|(_, end)| end.into_state().texts).collect() })
}

graph! {
    /// Asks several travellers.
    pub(crate) Panel(Answers) {
        inputs { texts: Vec<String> }
        resources { times: u32 }
        yields String;
        nodes { ask_all }
        start ask_all;
        ask_all -> end;
    }
}
