//! Calls of language models whose answers are values: the runtime of [`#[prompt]`](macro@crate::prompt).
//!
//! A declaration makes a [`Prompt`]; [`Prompt::on`] says which model answers; the [`Call`] is awaited, or
//! streamed as a [`PromptStream`]. Both forms share one state machine, so that they have the same
//! errors, retries, limits, usage and traces.

mod action;
mod answer_type;
mod call;
mod error;
mod reader;
mod request;
mod response;
mod shape;
mod stream;
mod text;

pub use self::{
    call::{Call, Prompt, WithResponse},
    error::PromptError,
    response::Response,
    stream::PromptStream,
};

#[doc(hidden)]
pub use self::{
    action::{finish, next},
    answer_type::{
        AnswerType, AnyAnswer, Kind, PartialAnswer, SchemaAnswer, TextAnswer, check_answer,
    },
    text::{Piece, Value, render},
};
