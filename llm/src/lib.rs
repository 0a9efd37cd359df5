#![doc = include_str!("crate.md")]

pub mod answer;
mod chunk;
mod clock;
mod environment;
mod error;
mod message;
mod model;
mod offline;
#[cfg(feature = "genai")]
mod provider;
mod retrying;
pub mod scripted;
#[cfg(test)]
mod traced;
pub mod typescript;

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
    retrying::Retrying,
    scripted::{Script, Scripted},
};
