//! The graph: it yields so many tokens.

use burdock::{
    log::{Log, MemoryLog},
    prelude::*,
};
use burdock_serve::Server;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    pub said: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    pub text: String,
}

/// The token of a place, as a model would say it.
pub fn token(place: u64) -> String {
    format!("word{} ", place % 1000)
}

#[streaming_action(state = Talk, reads(said), writes(said), yields(Token))]
pub async fn speak(talk: Reads<'_>, #[input] tokens: u64) -> Result<Writes> {
    for place in 0..tokens {
        yield_!(Token { text: token(place) });
    }
    Ok(Writes { said: talk.said + tokens })
}

graph! {
    /// Yields tokens.
    pub Speaking(Talk) {
        inputs { tokens: u64 }
        yields Token;
        nodes { speak }
        start speak;
        speak -> pause;
    }
}

pub fn server() -> Server<Speaking> {
    server_of(MemoryLog::new())
}

pub fn server_of(log: impl Log) -> Server<Speaking> {
    Server::builder(log, |_| Speaking::app())
        .max_sessions(1 << 20)
        .max_readers(1 << 20)
        .max_total_readers(1 << 20)
        .build()
}
