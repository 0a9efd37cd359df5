#![doc = include_str!("crate.md")]

mod body_error;
mod chat;
mod event;
mod guard;
mod headers;
mod host;
mod hub;
mod in_flight;
mod json;
mod limits;
mod listen;
mod openapi;
mod problem;
mod readiness;
mod request_id;
mod routes;
mod server;
mod stream;
mod text;

pub use self::chat::{ChatGraph, ChatMessage, ChatRole};
pub use self::event::{Event, Stamped};
pub use self::listen::{Bound, ListenError, ListenOptions, asked_to_stop, bind, listen};
pub use self::server::Server;
