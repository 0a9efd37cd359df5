//! Requests of a prompt.

use super::shape::Shape;
use crate::{Message, Options, Request, ResponseSchema, clock::Clock};

/// What a model is asked, but for the schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    pub(super) name: &'static str,
    /// What was said before.
    pub(super) history: Vec<Message>,
    pub(super) text: String,
    pub(super) options: Options,
}

/// How the model is told what its answer has to fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Told {
    /// By structured output.
    Structured,
    /// In the text.
    Prompted,
}

impl Question {
    /// The schema as structured output has it.
    pub(super) fn schema(&self, shape: &Shape) -> ResponseSchema {
        ResponseSchema::new(self.name, shape.object.json.clone())
    }

    /// The request of an attempt. `wrong` is the answer before and what was wrong with it.
    pub(super) fn request(
        &self,
        shape: Option<(&Shape, Told)>,
        wrong: Option<&(String, String)>,
        clock: &Clock,
    ) -> Request {
        let Self { history, text, options, .. } = self;
        let mut options = options.clone();
        let mut text = text.clone();
        options.schema = None;
        match shape {
            Some((shape, Told::Structured)) => options.schema = Some(self.schema(shape)),
            Some((shape, Told::Prompted)) => text.push_str(&described(shape)),
            None => {}
        }
        let mut messages = history.clone();
        messages.push(Message::user(text));
        if let Some((answer, correction)) = wrong {
            if !answer.trim().is_empty() {
                messages.push(Message::assistant(answer));
            }
            messages.push(Message::user(correction));
        }
        Request { messages, options, clock: clock.clone() }
    }
}

/// What a prompt says about the schema.
fn described(shape: &Shape) -> String {
    // JSON is displayed without an error
    let schema = serde_json::to_string(&shape.plain.json).unwrap_or_default();
    format!(
        "\n\nAnswer with one JSON value that fits the JSON Schema below, and with nothing else: no \
         explanation, no Markdown, and not the schema itself.\n\n{schema}"
    )
}
