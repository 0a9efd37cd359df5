//! The graph, which yields the requested number of tokens.

use burdock::{
    log::{Log, MemoryLog},
    prelude::*,
};
use burdock_serve::Server;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    pub tokens: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    pub text: String,
}

/// Returns the token at a place, similar to those of a model.
pub fn token(place: u64) -> String {
    format!("word{} ", place % 1000)
}

#[streaming_action(state = Talk, reads(tokens), writes(tokens), yields(Token))]
pub async fn speak(talk: Reads<'_>, #[input] tokens: u64) -> Result<Writes> {
    for place in 0..tokens {
        yield_!(Token { text: token(place) });
    }
    Ok(Writes { tokens: talk.tokens + tokens })
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
