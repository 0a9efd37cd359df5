#![doc = include_str!("crate.md")]

mod chat;
mod event;
mod guard;
mod hub;
mod json;
mod limits;
mod listen;
mod problem;
mod routes;
mod server;
mod stall;
mod stream;

pub use self::chat::{ChatGraph, ChatMessage, ChatRole};
pub use self::event::{Event, Stamped};
pub use self::listen::{Bound, ListenError, asked_to_stop, bind, listen};
pub use self::server::Server;
