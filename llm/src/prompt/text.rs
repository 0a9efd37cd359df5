//! Formatting of prompts.

use super::PromptError;
use serde::Serialize;
use std::fmt::{self, Display, Write};

/// A part of a prompt.
#[derive(Clone, Copy, Debug)]
pub enum Piece {
    /// Literal text.
    Text(&'static str),
    /// The value with this index.
    Value(usize),
}

/// An argument that can be formatted with `{name}`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be written into a prompt as text",
    label = "does not implement `Display`",
    note = "write `{{name:json}}` in the prompt for its JSON, or implement `Display` for `{Self}`"
)]
pub trait TextArgument: Display {}

#[diagnostic::do_not_recommend]
impl<T: Display> TextArgument for T {}

/// A value of a placeholder.
pub struct Value<'a>(Format<'a>);

enum Format<'a> {
    Display(&'static str, &'a dyn Display),
    Json(Result<String, PromptError>),
}

impl<'a> Value<'a> {
    /// `{name}`
    pub fn display<T: TextArgument>(name: &'static str, value: &'a T) -> Self {
        Self(Format::Display(name, value))
    }

    /// `{name:json}`
    pub fn json<T: Serialize + ?Sized>(name: &'static str, value: &'a T) -> Self {
        let json = serde_json::to_string_pretty(value);
        Self(Format::Json(
            json.map_err(|error| PromptError::Argument { name, reason: error.to_string() }),
        ))
    }
}

impl fmt::Debug for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Format::Display(name, _) => write!(f, "Display({name})"),
            Format::Json(json) => f.debug_tuple("Json").field(json).finish(),
        }
    }
}

/// Formats the text.
///
/// # Errors
/// Returns an error if a value cannot be formatted.
pub fn render(pieces: &[Piece], values: &[Value<'_>]) -> Result<String, PromptError> {
    let mut text = String::new();
    for piece in pieces {
        match piece {
            Piece::Text(piece) => text.push_str(piece),
            Piece::Value(index) => match values.get(*index).map(|value| &value.0) {
                Some(Format::Display(name, value)) => {
                    write!(text, "{value}").map_err(|error| PromptError::Argument {
                        name,
                        reason: error.to_string(),
                    })?;
                }
                Some(Format::Json(Ok(json))) => text.push_str(json),
                Some(Format::Json(Err(error))) => return Err(error.clone()),
                None => {}
            },
        }
    }
    Ok(text)
}
