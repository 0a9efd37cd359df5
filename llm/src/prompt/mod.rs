#![doc = include_str!("prompt.md")]

mod action;
mod answer_type;
mod call;
mod error;
mod reader;
mod request;
mod response;
pub(crate) mod shape;
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
    action::{add_usage, finish, next},
    answer_type::{
        AnswerType, AnyAnswer, Kind, PartialAnswer, SchemaAnswer, TextAnswer, check_answer,
    },
    text::{Piece, Value, render},
};
