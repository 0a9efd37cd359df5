use burdock::prelude::*;
use burdock_guide::query_llm;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Query {
    output: String,
}

#[streaming_action(state = Query, writes(output), yields(String))]
async fn query(#[input] model: &String, #[input] prompt: &String) -> Result<Writes> {
    let mut output = String::new();
    for word in query_llm(model, prompt) {
        output += &word;
        yield_!(word);
    }
    Ok(Writes { output })
}

graph! {
    Querying(Query) {
        inputs { model: String, prompt: String }
        yields String;
        nodes { query }
        start query;
        query -> end;
    }
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Trial {
    pub models: Vec<String>,
    pub prompts: Vec<String>,
    /// Each with its model and its prompt.
    pub outputs: Vec<(String, String)>,
}

#[streaming_action(state = Trial, reads(models, prompts), writes(outputs), yields((String, String)))]
async fn try_all(all: Reads<'_>, #[graph] querying: Sub<'_, Querying>) -> Result<Writes> {
    let pairs =
        all.models.iter().flat_map(|model| all.prompts.iter().map(move |prompt| (model, prompt)));
    let mut runs = querying.each(pairs.map(|(model, prompt)| {
        (
            format!("{model}: {prompt}"),
            QueryingInputs { model: model.clone(), prompt: prompt.clone() },
        )
    }));
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { key, item, .. } = event? {
            yield_!((key.to_string(), item));
        }
    }
    let outputs = runs.into_ends().map(|(key, end)| (key.to_string(), end.into_state().output));
    Ok(Writes { outputs: outputs.collect() })
}

graph! {
    pub Trying(Trial) {
        yields (String, String);
        nodes { try_all }
        start try_all;
        try_all -> end;
    }
}
