use burdock::prelude::*;
use burdock_guide::query_llm;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Query {
    output: String,
}

#[streaming_action(state = Query, writes(output), yields(String))]
async fn query(#[input] prompt: &String) -> Result<Writes> {
    let mut output = String::new();
    for word in query_llm("gpt-4", prompt) {
        output += &word;
        yield_!(word);
    }
    Ok(Writes { output })
}

graph! {
    Querying(Query) {
        inputs { prompt: String }
        yields String;
        nodes { query }
        start query;
        query -> end;
    }
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Prompts {
    pub prompts: Vec<String>,
    pub outputs: Vec<String>,
}

#[streaming_action(state = Prompts, reads(prompts), writes(outputs), yields((String, String)))]
async fn query_all(all: Reads<'_>, #[graph] querying: Sub<'_, Querying>) -> Result<Writes> {
    let starts =
        all.prompts.iter().map(|prompt| (prompt, QueryingInputs { prompt: prompt.clone() }));
    let mut runs = querying.each(starts);
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { key, item, .. } = event? {
            yield_!((key.to_string(), item));
        }
    }
    Ok(Writes { outputs: runs.into_ends().map(|(_, end)| end.into_state().output).collect() })
}

graph! {
    pub QueryingAll(Prompts) {
        yields (String, String);
        nodes { query_all }
        start query_all;
        query_all -> end;
    }
}
