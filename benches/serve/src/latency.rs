//! The latency of a token from the model to the client, with a thousand streaming sessions.
//!
//! The model is a thread that sends tokens at intervals, each to another session. The latency
//! includes waking the server's thread, the path through action, log and connection, and waking
//! the client's thread.

use crate::{client, tokens::median};
use axum::{
    Router,
    extract::{Path, State},
    response::sse::{Event, Sse},
    routing::post,
};
use burdock::{
    log::{MemoryLog, SessionId},
    prelude::*,
};
use burdock_serve::Server;
use futures_util::{Stream, future::join_all, stream};
use serde::{Deserialize, Serialize};
use std::{
    convert::Infallible,
    net::SocketAddr,
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};
use tokio::{
    io::AsyncReadExt,
    net::TcpStream,
    sync::mpsc::{self, UnboundedReceiver, UnboundedSender},
};

const SESSIONS: usize = 1_000;
const TOKENS: usize = 20_000;
const PAUSE: Duration = Duration::from_micros(200);
const REPETITIONS: usize = 3;

/// The time at which the model sent a token, in nanoseconds on this process's clock.
type Sent = u64;

/// The receiver of each session's tokens, which is taken once.
#[derive(Clone, Debug)]
pub struct Model(Arc<Vec<Mutex<Option<UnboundedReceiver<Sent>>>>>);

impl Model {
    fn new() -> (Self, Vec<UnboundedSender<Sent>>) {
        let (senders, receivers): (Vec<_>, Vec<_>) =
            (0..SESSIONS).map(|_| mpsc::unbounded_channel()).unzip();
        let receivers = receivers.into_iter().map(|receiver| Mutex::new(Some(receiver)));
        (Self(Arc::new(receivers.collect())), senders)
    }

    fn take(&self, session: usize) -> UnboundedReceiver<Sent> {
        self.0[session].lock().unwrap().take().unwrap()
    }
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Received {
    pub tokens: u64,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Token {
    pub sent: Sent,
}

#[streaming_action(state = Received, reads(tokens), writes(tokens), yields(Token))]
pub async fn relay(
    received: Reads<'_>,
    #[input] session: usize,
    #[resource] model: &Model,
) -> Result<Writes> {
    let mut tokens = *received.tokens;
    let mut sent_tokens = model.take(session);
    while let Some(sent) = sent_tokens.recv().await {
        yield_!(Token { sent });
        tokens += 1;
    }
    Ok(Writes { tokens })
}

graph! {
    /// Yields the tokens of the model.
    pub Relaying(Received) {
        inputs { session: usize }
        resources { model: Model }
        yields Token;
        nodes { relay }
        start relay;
        relay -> pause;
    }
}

/// A function that builds the routes for a model.
type Routes = fn(Model) -> Router;

fn served(model: Model) -> Router {
    let app =
        move |_: &SessionId| Relaying::app().resources(RelayingResources { model: model.clone() });
    Server::builder(MemoryLog::new(), app).build().router()
}

fn by_hand(model: Model) -> Router {
    Router::new().route("/sessions/{id}/runs", post(by_hand_run)).with_state(model)
}

async fn by_hand_run(
    State(model): State<Model>,
    Path(id): Path<usize>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    let (sender, receiver) = mpsc::channel::<Token>(1);
    let mut sent_tokens = model.take(id);
    tokio::spawn(async move {
        while let Some(sent) = sent_tokens.recv().await {
            if sender.send(Token { sent }).await.is_err() {
                return;
            }
        }
    });
    let started = stream::iter([Ok(Event::default().data("run_started"))]);
    let events = stream::unfold((receiver, 0_u64), |(mut receiver, id)| async move {
        let token = receiver.recv().await?;
        let event = Event::default().id(id.to_string()).json_data(token).ok()?;
        Some((Ok(event), (receiver, id + 1)))
    });
    Sse::new(stream::StreamExt::chain(started, events))
}

/// Compares both servers, and prints medians and 99th percentiles.
pub async fn compare() {
    let candidates: [(&str, Routes); 2] = [("hand-written endpoint", by_hand), ("burdock", served)];
    let mut medians = candidates.map(|_| Vec::new());
    let mut slow = candidates.map(|_| Vec::new());
    for _ in 0..REPETITIONS {
        for (index, (_, routes)) in candidates.iter().enumerate() {
            let (model, senders) = Model::new();
            let address = client::serve(routes(model)).await;
            let mut times = measure(address, senders).await;
            times.sort_by(f64::total_cmp);
            medians[index].push(times[times.len() / 2]);
            slow[index].push(times[times.len() * 99 / 100]);
        }
    }
    println!("\n{:<40} {:>8} {:>8}", "from the model to the client, us", "median", "p99");
    for (index, (name, _)) in candidates.iter().enumerate() {
        let [middle, slow] = [&medians[index], &slow[index]].map(|times| median(times.clone()));
        println!("{name:<40} {middle:>8.1} {slow:>8.1}");
    }
}

/// Returns the latency of each token, in microseconds.
async fn measure(address: SocketAddr, senders: Vec<UnboundedSender<Sent>>) -> Vec<f64> {
    let clock = Instant::now();
    let streams = (0..SESSIONS).map(|session| start(address, session));
    let streams = join_all(streams).await;
    let readers = streams.into_iter().map(|stream| tokio::spawn(read(stream, clock)));
    let readers: Vec<_> = readers.collect();
    let model = thread::spawn(move || {
        for token in 0..TOKENS {
            thread::sleep(PAUSE);
            // each time another session, far from the last one
            let _ = senders[token * 619 % SESSIONS].send(nanoseconds(clock));
        }
    });
    let times = join_all(readers).await.into_iter().flat_map(Result::unwrap).collect::<Vec<_>>();
    model.join().unwrap();
    assert_eq!(times.len(), TOKENS);
    times
}

/// Starts a run, and waits until it waits for its model.
async fn start(address: SocketAddr, session: usize) -> TcpStream {
    let mut stream = client::connect(address).await;
    client::post(&mut stream, &session.to_string(), &format!("{{\"session\":{session}}}")).await;
    let mut text = Vec::new();
    while !client::contains(&text, b"run_started") {
        assert!(stream.read_buf(&mut text).await.unwrap() > 0);
    }
    stream
}

/// Reads to the end.
async fn read(mut stream: TcpStream, clock: Instant) -> Vec<f64> {
    let (mut text, mut times) = (Vec::new(), Vec::new());
    while stream.read_buf(&mut text).await.unwrap() > 0 {
        let now = nanoseconds(clock);
        let text_so_far = String::from_utf8_lossy(&text);
        for part in text_so_far.split("\"sent\":").skip(1) {
            let sent: String = part.chars().take_while(char::is_ascii_digit).collect();
            times.push((now - sent.parse::<u64>().unwrap()) as f64 / 1e3);
        }
        text.clear();
    }
    times
}

fn nanoseconds(clock: Instant) -> u64 {
    u64::try_from(clock.elapsed().as_nanos()).unwrap()
}
