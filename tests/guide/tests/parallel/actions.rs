use burdock::prelude::*;
use burdock_guide::query_llm;
use futures::{StreamExt, stream::select};
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Answer {
    text: String,
}

#[streaming_action(state = Answer, writes(text), yields(String))]
async fn query(#[input] prompt: &String, model: String) -> Result<Writes> {
    let mut text = String::new();
    for word in query_llm(&model, prompt) {
        text += &word;
        yield_!(word);
    }
    Ok(Writes { text })
}

graph! {
    AskFast(Answer) {
        inputs { prompt: String }
        yields String;
        nodes { fast: query { model: "fast".into() } }
        start fast;
        fast -> end;
    }
}

graph! {
    AskThorough(Answer) {
        inputs { prompt: String }
        yields String;
        nodes { draft: query { model: "small".into() }, answer: query { model: "large".into() } }
        start draft;
        draft -> answer;
        answer -> end;
    }
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
pub struct Answers {
    pub prompt: String,
    pub answers: Vec<String>,
}

#[streaming_action(state = Answers, reads(prompt), writes(answers), yields(String))]
async fn ask_both(
    all: Reads<'_>,
    #[graph] fast: Sub<'_, AskFast>,
    #[graph] thorough: Sub<'_, AskThorough>,
) -> Result<Writes> {
    let mut fast = fast.run("fast", AskFastInputs { prompt: all.prompt.clone() });
    let mut thorough = thorough.run("thorough", AskThoroughInputs { prompt: all.prompt.clone() });
    let mut words = select(&mut fast, &mut thorough);
    while let Some(word) = words.next().await {
        yield_!(word?);
    }
    let (fast, thorough) = (fast.finish().await?, thorough.finish().await?);
    Ok(Writes { answers: vec![fast.into_state().text, thorough.into_state().text] })
}

graph! {
    pub AskingBoth(Answers) {
        yields String;
        nodes { ask_both }
        start ask_both;
        ask_both -> end;
    }
}
