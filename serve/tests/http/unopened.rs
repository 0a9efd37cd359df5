//! Sessions that cannot be opened because of an error in the program.

use burdock::{
    log::{MemoryLog, SessionId},
    prelude::*,
};
use burdock_serve::{RunEnd, Server, SessionError};
use futures_util::FutureExt as _;
use serde::{Deserialize, Serialize};

#[derive(State, Clone, Debug, Serialize, Deserialize)]
struct Scale {
    secret: f64,
}

#[action(state = Scale, writes(secret))]
async fn weigh(#[input] grams: f64) -> Result<Writes> {
    Ok(Writes { secret: grams })
}

graph! {
    Weighing(Scale) {
        inputs { grams: f64 }
        nodes { weigh }
        start weigh;
        weigh -> end;
    }
}

#[tokio::test]
async fn state_that_cannot_be_serialized_is_an_internal_error() {
    let app = |_: &SessionId| Weighing::app().state(Scale { secret: f64::NAN });
    let server = Server::builder(MemoryLog::new(), app).build();
    let start = server.session("a").unwrap().start(WeighingInputs { grams: 1.0 });
    let error = start.await.unwrap_err();
    assert!(matches!(error, SessionError::Internal(_)), "{error:?}");
    let app = |_: &SessionId| Weighing::app().state(Scale { secret: 0.0 });
    let server = Server::builder(MemoryLog::new(), app).build();
    let start = server.session("a").unwrap().start(WeighingInputs { grams: f64::NAN });
    let error = start.await.unwrap_err();
    assert!(matches!(error, SessionError::InvalidInputs { .. }), "{error:?}");
}

#[tokio::test]
async fn panic_of_the_app_closure_is_an_error_of_each_call() {
    let log = MemoryLog::new();
    let app = |_: &SessionId| Weighing::app().state(Scale { secret: 0.0 });
    let server = Server::builder(log.clone(), app).build();
    let run = server.session("a").unwrap().start(WeighingInputs { grams: 1.0 }).await.unwrap();
    assert_eq!(run.finish().await.unwrap(), RunEnd::Ended);
    server.shutdown().await;
    let app = |_: &SessionId| {
        if std::hint::black_box(true) {
            std::panic::resume_unwind(Box::new("no resources"));
        }
        Weighing::app().state(Scale { secret: 0.0 })
    };
    let server = Server::builder(log, app).build();
    let session = server.session("a").unwrap();
    let start = session.start(WeighingInputs { grams: 1.0 });
    let error = start.await.unwrap_err();
    assert!(matches!(error, SessionError::Panicked), "{error:?}");
    let reopen = std::panic::AssertUnwindSafe(session.reopen()).catch_unwind();
    let error = reopen.await.unwrap().unwrap_err();
    assert!(matches!(error, SessionError::Panicked), "{error:?}");
    assert!(format!("{server:?}").contains("open: 0"), "{server:?}");
}
