//! Arguments of a call: from the JSON of the model to the type of a tool, and its schema.

use super::ToolDefinition;
use crate::prompt::shape::Shape;
use burdock::ActionError;
use burdock_json::Parser;
use schemars::{JsonSchema, SchemaGenerator};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::Value;
use std::marker::PhantomData;
use thiserror::Error;

/// Arguments that do not fit the schema of a tool.
#[derive(Debug, Error)]
#[error("the arguments do not fit: {reason}")]
pub(super) struct InvalidArguments {
    reason: String,
}

/// Fails to compile for a type that cannot be an argument of a tool.
pub const fn check_argument<T: Argument>() {}

/// A type that a model can pass.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a tool",
    label = "does not implement `Deserialize` and `JsonSchema`",
    note = "derive `serde::Deserialize` and `schemars::JsonSchema` for `{Self}`, or mark the argument `#[resource]` if the program passes it"
)]
pub trait Argument {}

#[diagnostic::do_not_recommend]
impl<T: DeserializeOwned + JsonSchema> Argument for T {}

/// The type of all arguments of a tool.
#[derive(Debug)]
pub struct Arguments<A>(PhantomData<fn() -> A>);

impl<A> Arguments<A> {
    /// Creates a marker for the type.
    #[expect(clippy::new_without_default, reason = "called by the expansion only")]
    pub fn new() -> Self {
        Self(PhantomData)
    }
}

/// The functions of a tool that depend on the type of its arguments.
#[derive(Debug)]
pub struct Declared<A> {
    /// Returns the definition of a tool with this name and description.
    pub definition: fn(&str, &str) -> ToolDefinition,
    /// Reads the arguments.
    pub parse: fn(&Value) -> Result<A, ActionError>,
}

/// Arguments that a model can pass.
///
/// The method resolution of `&&Arguments<A>` prefers it, so that an argument that a model cannot pass causes one
/// error, in [`check_argument`].
pub trait ValidArguments<A> {
    /// Returns the functions for these arguments.
    fn declared(&self) -> Declared<A>;
}

impl<A: DeserializeOwned + JsonSchema + 'static> ValidArguments<A> for &Arguments<A> {
    fn declared(&self) -> Declared<A> {
        Declared { definition: definition::<A>, parse }
    }
}

/// Any other arguments, beside an error of [`check_argument`].
pub trait AnyArguments<A> {
    /// Returns functions that are never called.
    fn declared(&self) -> Declared<A>;
}

impl<A> AnyArguments<A> for Arguments<A> {
    fn declared(&self) -> Declared<A> {
        Declared { definition: |_, _| unreachable!(), parse: |_| unreachable!() }
    }
}

/// Returns the definition of a tool with arguments of type `A`.
fn definition<A: JsonSchema + 'static>(name: &str, description: &str) -> ToolDefinition {
    let mut schema = match Shape::of::<A>(None) {
        Ok(shape) => shape.plain.json.clone(),
        // each call fails with the error
        Err(_) => SchemaGenerator::default().into_root_schema_for::<A>().to_value(),
    };
    if let Value::Object(schema) = &mut schema {
        // the name of the generated struct
        schema.remove("title");
    }
    ToolDefinition::new(name, description, schema)
}

/// Reads arguments as tolerantly as the answer of a prompt. The error names the place that does not fit.
fn parse<A: DeserializeOwned + JsonSchema + 'static>(arguments: &Value) -> Result<A, ActionError> {
    let invalid = |reason: String| ActionError::new(InvalidArguments { reason });
    let shape = Shape::of::<A>(None).map_err(|error| {
        let reason = error.to_string();
        ActionError::msg(format!("the arguments of the tool: {reason}")).terminal()
    })?;
    let text = match arguments {
        // the model wrote no valid JSON, or nothing
        Value::String(text) if !text.trim().is_empty() => text.clone(),
        Value::String(_) | Value::Null => "{}".to_owned(),
        arguments => arguments.to_string(),
    };
    let mut parser = Parser::new(&shape.plain.compiled);
    let mut changes = Vec::new();
    let parsed = parser.feed(&text, &mut changes).and_then(|()| parser.finish(&mut changes));
    let parsed = parsed.map_err(|mismatch| invalid(mismatch.to_string()))?;
    // the rest may change what the call means
    if parsed.cut {
        return Err(invalid("they are incomplete".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_str(&parsed.json);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let place = if path == "." { String::new() } else { format!(" at `{path}`") };
        invalid(format!("{}{place}", error.into_inner()))
    })
}

/// Returns the text of a result: a string as it is, any other value as JSON.
///
/// # Errors
/// Returns an error if the value cannot be serialized.
pub fn text<T: Serialize>(result: &T) -> Result<String, ActionError> {
    Ok(match serde_json::to_value(result)? {
        Value::String(text) => text,
        value => value.to_string(),
    })
}

/// Returns the result of the function, with its error as that of an action.
///
/// # Errors
/// Returns the error of the function.
pub fn outcome<T, E: Into<ActionError>>(result: Result<T, E>) -> Result<T, ActionError> {
    result.map_err(Into::into)
}
