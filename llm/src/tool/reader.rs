//! Calls that the model is writing, as changes of their arguments.

use super::Tools;
use crate::{Change, ToolCallDelta};
use burdock_json::{Parser, Schema};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{collections::BTreeMap, fmt};

/// Reads the calls of one answer while the model writes them: turns the text of their arguments into changes of a value.
///
/// The arguments are read by the schema of the tool, as tolerantly as when the call runs: a number in a string is a number,
/// and a number appears only when it is complete. Arguments that do not fit have no further changes. The complete
/// [`ToolCall`](crate::ToolCall) counts, and it replaces the value.
///
/// ```
/// use burdock_llm::{Chunk, Grown, Model, Request, Script, Scripted, ToolCall, tool, tools};
/// use futures::TryStreamExt;
/// use serde_json::{Value, json};
///
/// /// Sends a message.
/// #[tool]
/// async fn send(to: String, urgency: u8) -> burdock::Result<()> {
///     println!("{to}: {urgency}");
///     Ok(())
/// }
///
/// # #[tokio::main(flavor = "current_thread", start_paused = true)]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let call = ToolCall::new("1", "send", json!({ "to": "Ada", "urgency": 3 }));
/// # let llm = Scripted::new([Script::new().write_call(0, call, [r#"{"to": "A"#, r#"da", "urgency": "#, "3}"])]);
/// let tools = tools![send];
/// let mut answer = llm.chat(Request::prompt("Tell Ada.").tools(&tools));
/// let mut calls = tools.reader();
/// let mut arguments = Grown::<Value>::new();
/// while let Some(chunk) = answer.try_next().await? {
///     let Chunk::ToolCallDelta(delta) = chunk else { continue };
///     for change in calls.read(&delta) {
///         arguments.apply(&change.change)?;
///         println!("{} {:?}", change.name, arguments.partial()); // … {"to": "A"} …
///     }
/// }
/// assert_eq!(arguments.partial(), Some(&json!({ "to": "Ada", "urgency": 3 })));
/// # Ok(()) }
/// ```
pub struct CallReader<'a> {
    tools: &'a Tools<'a>,
    /// The calls by their places in the answer.
    calls: BTreeMap<usize, Writing>,
}

/// A change of a call that the model is writing.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[non_exhaustive]
pub struct ToolCallChange {
    /// The place of the call in the answer, from 0.
    pub index: usize,
    /// The name of the tool.
    pub name: String,
    /// The change of the arguments. The first one sets them.
    pub change: Change<Value>,
}

struct Writing {
    name: String,
    /// `None` before the first text, and after arguments that do not fit.
    parser: Option<Parser>,
    has_started: bool,
}

impl<'a> CallReader<'a> {
    pub(super) fn new(tools: &'a Tools<'a>) -> Self {
        Self { tools, calls: BTreeMap::new() }
    }

    /// Reads a delta, and returns the changes by it; none if the delta only has a name, or part of a number.
    pub fn read(&mut self, delta: &ToolCallDelta) -> Vec<ToolCallChange> {
        let ToolCallDelta { index, name, arguments } = delta;
        let call = self.calls.entry(*index).or_insert_with(|| Writing {
            name: String::new(),
            parser: None,
            has_started: false,
        });
        call.name.push_str(name);
        if !arguments.is_empty() && !call.has_started {
            call.has_started = true;
            call.parser = schema(self.tools, &call.name).as_ref().map(Parser::new);
        }
        let Some(parser) = &mut call.parser else { return Vec::new() };
        let mut changes = Vec::new();
        if parser.feed(arguments, &mut changes).is_err() {
            call.parser = None;
        }
        let change = |change| ToolCallChange {
            index: *index,
            name: call.name.clone(),
            change: Change::new(change),
        };
        changes.into_iter().map(change).collect()
    }
}

/// Returns the schema of a tool; that of any object for an unknown one.
fn schema(tools: &Tools<'_>, name: &str) -> Option<Schema> {
    let definition = tools.definitions().find(|definition| definition.name == name);
    let compiled = definition.and_then(|definition| Schema::compile(&definition.schema).ok());
    compiled.or_else(|| Schema::compile(&json!({ "type": "object" })).ok())
}

impl fmt::Debug for CallReader<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.calls.values().map(|call| call.name.as_str()).collect();
        f.debug_struct("CallReader").field("calls", &names).finish_non_exhaustive()
    }
}
