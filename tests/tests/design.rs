//! The program of the design document.
#![allow(
    missing_docs,
    clippy::duration_suboptimal_units,
    clippy::unused_async,
    clippy::unwrap_used,
    reason = "a test"
)]

use burdock::prelude::*;
use serde::{Deserialize, Serialize};
use std::time::Duration;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Message {
    pub user: bool,
    pub text: String,
}

impl Message {
    fn user(text: impl Into<String>) -> Self {
        Self { user: true, text: text.into() }
    }
    fn assistant(text: impl Into<String>) -> Self {
        Self { user: false, text: text.into() }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Mode {
    Code,
    Question,
}

#[derive(Debug)]
pub struct Delta {
    pub text: String,
}

impl Delta {
    fn text(text: impl Into<String>) -> Self {
        Self { text: text.into() }
    }
}

pub struct Llm;

impl Llm {
    async fn chat(
        &self,
        preamble: &str,
        history: &Vector<Message>,
    ) -> Result<impl futures::Stream<Item = Result<String, std::fmt::Error>> + Send + Unpin> {
        let text = format!("{preamble} {}", history.len());
        let words: Vec<_> = text.split_inclusive(' ').map(|w| Ok(w.to_owned())).collect();
        Ok(futures::stream::iter(words))
    }
}

/// The state of the chatbot.
#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Chat {
    pub history: Vector<Message>,
    pub prompt: Slot<String>,
    pub safe: Slot<bool>,
    pub mode: Slot<Mode>,
    pub reply: Slot<Message>,
}

#[action(state = Chat, reads(history), writes(prompt, history))]
async fn take_prompt(chat: Reads<'_>, #[input] prompt: String) -> Result<Writes> {
    let mut history = chat.history.clone();
    history.push_back(Message::user(&prompt));
    Ok(Writes { prompt, history })
}

#[action(state = Chat, reads(prompt), writes(safe))]
async fn check_safety(chat: Reads<'_>) -> Result<Writes> {
    Ok(Writes { safe: !chat.prompt.contains("unsafe") })
}

#[action(state = Chat, reads(prompt), writes(mode))]
async fn choose_mode(chat: Reads<'_>) -> Result<Writes> {
    let mode = if chat.prompt.contains("code") { Mode::Code } else { Mode::Question };
    Ok(Writes { mode })
}

#[action(state = Chat, reads(history), writes(reply, history))]
async fn refuse(chat: Reads<'_>) -> Result<Writes> {
    let reply = Message::assistant("no");
    let mut history = chat.history.clone();
    history.push_back(reply.clone());
    Ok(Writes { reply, history })
}

#[streaming_action(state = Chat, reads(history), writes(reply, history), yields(Delta))]
async fn respond(chat: Reads<'_>, #[resource] llm: &Llm, preamble: String) -> Result<Writes> {
    use futures::StreamExt;
    let mut text = String::new();
    let mut chunks = llm.chat(&preamble, chat.history).await?;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk?;
        text.push_str(&chunk);
        if yield_!(Delta::text(chunk)).is_stop() {
            break;
        }
    }
    let reply = Message::assistant(text);
    let mut history = chat.history.clone();
    history.push_back(reply.clone());
    Ok(Writes { reply, history })
}

graph! {
    /// Answers a prompt in the mode that fits it.
    pub Chatbot(Chat) {
        inputs { prompt: String }
        resources { llm: Llm }
        yields Delta;

        nodes {
            prompt: take_prompt,
            check_safety,
            choose_mode,
            #[timeout(Duration::from_secs(60))]
            write_code: respond { preamble: "Reply with code only.".into() },
            answer: respond { preamble: "Answer the question.".into() },
            refuse,
        }

        start prompt;
        prompt -> check_safety;
        check_safety -> if state.safe { choose_mode } else { refuse };
        choose_mode -> match state.mode {
            Mode::Code => write_code,
            Mode::Question => answer,
        };
        write_code | answer | refuse -> pause prompt;
    }
}

#[tokio::test]
async fn the_program_of_the_design_runs_and_streams() {
    let mut app = Chatbot::app()
        .id("session-42")
        .resources(ChatbotResources { llm: Llm })
        .build()
        .await
        .unwrap();

    let mut run = app.run(ChatbotInputs { prompt: "Write code".into() });
    let mut shown = String::new();
    while let Some(delta) = run.next().await {
        shown.push_str(&delta.unwrap().text);
    }
    let end = run.finish().await.unwrap();
    assert_eq!(shown, "Reply with code only. 1");
    assert_eq!(end.state().reply.get().unwrap().text, shown);
    assert_eq!(end.outcome(), burdock::Outcome::Paused(ChatbotNode::prompt));
    assert_eq!(end.last(), Some(ChatbotNode::write_code));
    assert!(
        matches!(end.writes(), Some(ChatbotWrites::write_code(writes)) if writes.reply.text == shown)
    );

    drop(run);
    let end = app.run(ChatbotInputs { prompt: "something unsafe".into() }).await.unwrap();
    assert_eq!(end.last(), Some(ChatbotNode::refuse));
    assert_eq!(app.state().history.len(), 4);
}
