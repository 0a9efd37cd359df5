#![doc = include_str!("crate.md")]

pub mod answer;
mod chunk;
mod clock;
mod environment;
mod error;
mod message;
mod model;
mod offline;
mod partial;
#[cfg(feature = "genai")]
mod provider;
mod retrying;
pub mod scripted;
#[cfg(test)]
mod traced;

#[cfg(feature = "genai")]
pub use self::provider::Provider;
pub use self::{
    answer::{Answer, AnswerExt, Chunks},
    chunk::{Chunk, End, Reason, Usage},
    environment::{from_env, from_settings},
    error::ModelError,
    message::{Message, Role, ToolCall},
    model::{Model, Options, Request, Tool},
    offline::{Offline, Pace},
    partial::{
        Change, Field, FieldState, Grow, GrowError, Grown, Marks, Misfit, Partial, PartialOf,
        TuplePartial,
    },
    retrying::Retrying,
    scripted::{Script, Scripted},
};

/// The derive of [`Partial`](trait@Partial).
pub use burdock_llm_macros::Partial;

/// What the macros generate calls. Not covered by semantic versioning.
#[doc(hidden)]
pub mod __private {
    pub mod partial {
        pub use crate::partial::{derived::*, marks::Node};
    }
}
