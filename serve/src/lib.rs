#![doc = include_str!("crate.md")]

mod body_error;
mod chat;
mod error;
mod event;
mod guard;
mod headers;
mod host;
mod hub;
mod in_flight;
mod json;
mod limits;
mod listen;
mod message;
mod openapi;
mod problem;
mod readiness;
mod request_id;
mod routes;
mod schema;
mod server;
mod session;
mod stream;
mod text;

pub use self::chat::ChatGraph;
pub use self::error::SessionError;
pub use self::event::{Event, SessionEvent};
pub use self::hub::{IfRunning, IfUnfinished};
pub use self::listen::{BoundListener, ListenError, ListenOptions, bind, listen, shutdown_signal};
pub use self::message::{
    ChatCall, ChatCallResult, ChatCallStatus, ChatCallUpdate, ChatChange, ChatEdit, ChatMessage,
    ChatRole, ChatSegment, ChatUpdate, ChatValue, ChatValueUpdate,
};
pub use self::server::{Server, ServerBuilder};
pub use self::session::{Resume, RunEnd, RunHandle, ServedView, SessionHandle, Start};
pub use self::stream::SessionEvents;
