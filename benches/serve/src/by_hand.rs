//! The hand-written equivalent: a task that sends tokens, and axum's own event stream.

use crate::graph::{Token, token};
use axum::{
    Json, Router,
    response::sse::{Event, Sse},
    routing::post,
};
use futures_util::{Stream, stream};
use serde::Deserialize;
use std::convert::Infallible;
use tokio::sync::mpsc;

#[derive(Deserialize)]
struct Inputs {
    tokens: u64,
}

pub fn router() -> Router {
    Router::new().route("/sessions/{id}/runs", post(run))
}

async fn run(Json(inputs): Json<Inputs>) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (sender, receiver) = mpsc::channel::<Token>(1);
    tokio::spawn(async move {
        for place in 0..inputs.tokens {
            if sender.send(Token { text: token(place) }).await.is_err() {
                return;
            }
        }
    });
    let events = stream::unfold((receiver, 0_u64), |(mut receiver, id)| async move {
        let token = receiver.recv().await?;
        let event = Event::default().id(id.to_string()).json_data(token).ok()?;
        Some((Ok(event), (receiver, id + 1)))
    });
    Sse::new(events)
}
