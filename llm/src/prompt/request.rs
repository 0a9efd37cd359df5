//! Requests for prompts.

use super::shape::Shape;
use crate::{Message, Options, Request, ResponseSchema, clock::Clock};

/// A request without its schema.
#[derive(Clone, Debug, Default)]
pub(super) struct Question {
    pub(super) name: &'static str,
    /// The messages before the prompt.
    pub(super) history: Vec<Message>,
    pub(super) text: String,
    pub(super) options: Options,
}

/// How the schema is sent to the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SchemaPlacement {
    /// As structured output.
    Structured,
    /// In the text of the prompt.
    Prompted,
}

impl Question {
    /// Returns the schema for structured output.
    pub(super) fn schema(&self, shape: &Shape) -> ResponseSchema {
        ResponseSchema::new(self.name, shape.object.json.clone())
    }

    /// Creates the request of an attempt. `wrong` is the previous answer and the correction.
    pub(super) fn request(
        &self,
        shape: Option<(&Shape, SchemaPlacement)>,
        wrong: Option<&(String, String)>,
        clock: &Clock,
    ) -> Request {
        let Self { history, text, options, .. } = self;
        let mut options = options.clone();
        let mut text = text.clone();
        options.schema = None;
        match shape {
            Some((shape, SchemaPlacement::Structured)) => options.schema = Some(self.schema(shape)),
            Some((shape, SchemaPlacement::Prompted)) => text.push_str(&described(shape)),
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

/// Returns the text of a prompt that describes the schema.
fn described(shape: &Shape) -> String {
    // serialization of a `Value` cannot fail
    let schema = serde_json::to_string(&shape.plain.json).unwrap_or_default();
    format!(
        "\n\nAnswer with one JSON value that fits the JSON Schema below, and with nothing else: no \
         explanation, no Markdown, and not the schema itself.\n\n{schema}"
    )
}
