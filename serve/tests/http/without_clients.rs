//! Session handles of a server without clients.

use crate::{
    graph::{Echo, EchoResources, Gate},
    handles::{inputs, paused},
};
use burdock::{
    log::{Log, MemoryLog, SessionId},
    prelude::*,
};
use burdock_serve::{IfRunning, RunHandle, Server, SessionError, SessionEvents};
use futures_util::FutureExt as _;
use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

/// Returns a server for a log, and the gate of its graph.
fn server_of(log: impl Log) -> (Server<Echo>, Gate) {
    let gate = Gate::default();
    let resources = gate.clone();
    let app = move |_: &SessionId| Echo::app().resources(EchoResources { gate: resources.clone() });
    (Server::builder(log, app).build(), gate)
}

#[tokio::test]
async fn run_outlives_all_handles_and_then_the_server_is_dropped() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let (server, gate) = server_of(Arc::clone(&log));
    let run = server.session("a").unwrap().start(inputs("one wait! two")).await.unwrap();
    drop((run, server));
    assert!(Arc::strong_count(&log) > 1);
    gate.0.add_permits(1);
    // the server is dropped with the end of the run
    while Arc::strong_count(&log) > 1 {
        tokio::task::yield_now().await;
    }
    let (server, _) = server_of(log);
    let view = server.session("a").unwrap().view().await.unwrap();
    assert!(matches!(view.position, burdock::Position::Rest(_)), "{view:?}");
}

#[tokio::test]
async fn unused_handle_does_not_open_its_session() {
    let log = MemoryLog::new();
    let (server, _) = server_of(log.clone());
    let handles: Vec<_> = (0..100).map(|id| server.session(format!("s{id}")).unwrap()).collect();
    assert!(handles.iter().all(|handle| !handle.is_running()));
    assert!(log.sessions(burdock::log::SessionFilter::default()).await.unwrap().is_empty());
    assert!(format!("{server:?}").contains("open: 0"));
}

#[tokio::test]
async fn idle_session_is_closed_without_routes() {
    let app = |_: &SessionId| Echo::app().resources(EchoResources { gate: Gate::default() });
    let idle = Duration::from_millis(20);
    let server = Server::builder(MemoryLog::new(), app).idle_after(idle).build();
    let run = server.session("a").unwrap().start(inputs("one")).await.unwrap();
    run.finish().await.unwrap();
    while !format!("{server:?}").contains("open: 0") {
        tokio::task::yield_now().await;
    }
}

/// Outside of tokio, everything except a start works, as documented.
#[test]
fn server_can_be_built_and_read_outside_of_tokio() {
    let log = MemoryLog::new();
    let (server, _) = server_of(log.clone());
    drop((server.router(), server.chat_router()));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let session = server.session("a").unwrap();
    let run: RunHandle<Echo> = runtime.block_on(async {
        let run = session.start(inputs("one")).await.unwrap();
        run.finish().await.unwrap();
        run
    });
    let outside = session.start(inputs("two")).into_future().now_or_never().unwrap();
    assert!(matches!(outside, Err(SessionError::OutsideRuntime)), "{outside:?}");
    let outside = session.resume().into_future().now_or_never().unwrap();
    assert!(matches!(outside, Err(SessionError::OutsideRuntime)), "{outside:?}");
    let view = session.view().now_or_never().unwrap().unwrap();
    assert_eq!(view.state.texts.len(), 2);
    let events = session.follow(None).now_or_never().unwrap().unwrap();
    let count = rest_now(events);
    assert_eq!(count, 7);
    assert_eq!(run.finish().now_or_never().unwrap().unwrap(), paused());
    // the server can be used in another runtime
    drop(runtime);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let run = session.start(inputs("two")).await.unwrap();
        assert_eq!(run.finish().await.unwrap(), paused());
        server.shutdown().await;
    });
}

fn rest_now(mut events: SessionEvents) -> usize {
    let mut count = 0;
    while let Some(event) = events.next().now_or_never() {
        event.unwrap().unwrap();
        count += 1;
    }
    count
}

#[test]
fn start_panics_in_a_runtime_without_timers() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let (server, _) = server_of(MemoryLog::new());
    let start = server.session("a").unwrap().start(inputs("one")).into_future();
    let started = runtime.block_on(std::panic::AssertUnwindSafe(start).catch_unwind());
    let panic = started.err().unwrap();
    let text = panic.downcast_ref::<String>().cloned();
    let text = text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()));
    assert!(text.unwrap().contains("enable_time"));
}

#[tokio::test]
async fn app_closure_receives_the_session_id() {
    let opened = Arc::new(Mutex::new(Vec::new()));
    let app = {
        let opened = Arc::clone(&opened);
        move |session: &SessionId| {
            opened.lock().unwrap().push(session.as_str().to_owned());
            Echo::app().resources(EchoResources { gate: Gate::default() })
        }
    };
    let server = Server::builder(MemoryLog::new(), app).build();
    for id in ["a", "b", "a"] {
        let run = server.session(id).unwrap().start(inputs("hi")).if_running(IfRunning::Wait);
        run.await.unwrap().finish().await.unwrap();
    }
    assert_eq!(*opened.lock().unwrap(), ["a", "b"]);
}

/// Inputs in the type of the graph are also checked for optional ones that no node uses.
mod optional {
    use super::*;
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    struct Notes {
        count: u32,
    }

    #[action(state = Notes, reads(count), writes(count))]
    async fn first(notes: Reads<'_>) -> Result<Writes> {
        Ok(Writes { count: notes.count + 1 })
    }

    #[action(state = Notes, reads(count), writes(count))]
    async fn second(notes: Reads<'_>, #[input] by: Option<u32>) -> Result<Writes> {
        Ok(Writes { count: notes.count + by.unwrap_or(1) })
    }

    graph! {
        Counting(Notes) {
            inputs { by: Option<u32> }
            nodes { first, second }
            start first;
            first -> pause second;
            second -> pause first;
        }
    }

    #[tokio::test]
    async fn optional_input_that_no_node_uses_is_invalid() {
        let server = Server::builder(MemoryLog::new(), |_| Counting::app()).build();
        let session = server.session("a").unwrap();
        let unused = session.start(CountingInputs { by: Some(2) }).await.unwrap_err();
        assert!(matches!(unused, SessionError::InvalidInputs { .. }), "{unused}");
        for by in [None, Some(2)] {
            let start = session.start(CountingInputs { by }).if_running(IfRunning::Wait);
            start.await.unwrap().finish().await.unwrap();
        }
        assert_eq!(session.view().await.unwrap().state.count, 3);
    }
}
