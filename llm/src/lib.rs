#![cfg_attr(docsrs, feature(doc_cfg))]
#![doc = include_str!("crate.md")]

pub mod agent;
pub mod answer;
mod chunk;
mod clock;
mod environment;
mod error;
mod history;
mod memory;
mod message;
mod model;
mod offline;
mod partial;
pub mod prompt;
#[cfg(feature = "genai")]
mod provider;
mod retrying;
pub mod scripted;
pub mod tool;
#[cfg(test)]
mod traced;
pub mod typescript;

#[cfg(feature = "genai")]
pub use self::provider::{Provider, SchemaMode};
pub use self::{
    agent::{Agent, AgentEvent, AgentInputs, AgentOptions, AgentResources, AgentState},
    answer::{Answer, Chunks},
    chunk::{Chunk, End, Reason, ToolCallDelta, Usage},
    environment::{from_env, from_settings},
    error::ModelError,
    history::paired,
    memory::{Extend, Summary, Window, estimate},
    message::{Message, Role, ToolCall},
    model::{Model, Options, Request, ResponseSchema, ToolChoice},
    offline::{Offline, Pace},
    partial::{
        Change, Field, FieldState, Grow, GrowError, Grown, Marks, Misfit, Partial, PartialOf,
        TuplePartial,
    },
    prompt::PromptError,
    retrying::Retrying,
    scripted::{Script, Scripted},
    tool::{ToolDefinition, ToolEvent, Tools, Toolset, toolset},
};
pub use burdock_json::{Edit, Path, Repair, RepairKind, Segment};

/// The derive of [`Partial`](trait@Partial).
pub use burdock_llm_macros::Partial;
pub use burdock_llm_macros::{prompt, tool};

/// Items that the macros refer to. Not covered by semantic versioning.
#[doc(hidden)]
pub mod __private {
    pub mod partial {
        pub use crate::partial::{derived::*, marks::Node};
    }

    pub use crate::prompt::{
        AnswerType, AnyAnswer, PartialAnswer, Piece, SchemaAnswer, TextAnswer, Value, add_usage,
        check_answer, finish, next, render,
    };
    pub mod tool {
        pub use crate::tool::{
            Progress, Tool, ToolDefinition,
            arguments::{
                AnyArguments, Arguments, Declared, ValidArguments, check_argument, outcome, text,
            },
        };
        pub use futures_util::future::BoxFuture;
        pub use serde_json::Value;
    }

    pub use burdock::{self, streaming_action};
    pub use schemars;
    pub use serde;
}
