use crate::support::{
    Server,
    entries::{append, id, jsons},
};
use burdock::log::{Claim, Log, LogError};
use burdock_postgres::{ConnectError, PostgresLog};
use futures::executor::block_on;
use tokio::runtime::Builder;

#[test]
fn connecting_without_a_runtime_returns_an_error() {
    let error = block_on(PostgresLog::connect(Server::shared().url())).unwrap_err();
    assert!(matches!(error, ConnectError::NoRuntime), "{error:?}");

    let bare = Builder::new_current_thread().build().unwrap();
    let error = bare.block_on(PostgresLog::connect(Server::shared().url())).unwrap_err();
    assert!(matches!(error, ConnectError::NoRuntime), "{error:?}");
}

#[test]
fn futures_can_be_awaited_in_any_executor() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let log = runtime.block_on(Server::shared().log());
    let session = id("s");
    let opened = block_on(log.open(&session, Claim::default())).unwrap();
    block_on(log.append(append(&session, opened.epoch, 0, 3))).unwrap();
    assert_eq!(block_on(jsons(&log, &session)).len(), 3);
    block_on(log.close());
}

#[test]
fn log_is_closed_when_its_runtime_shuts_down() {
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let log = runtime.block_on(Server::shared().log());
    let session = id("s");
    let opened = block_on(log.open(&session, Claim::default())).unwrap();
    drop(runtime);
    let closed = |result| assert!(matches!(result, Err(LogError::Closed)), "{result:?}");
    closed(block_on(log.append(append(&session, opened.epoch, 0, 3))));
    closed(block_on(log.append(append(&session, opened.epoch, 0, 3))));
    closed(block_on(log.info(&session)).map(drop));
    closed(block_on(log.open(&session, Claim::default())).map(drop));
    block_on(log.close());
}

/// A runtime that is not driven stands for a stopped process.
#[test]
fn stopped_writer_writes_nothing_after_a_takeover() {
    let server = Server::shared();
    let runtime = || Builder::new_current_thread().enable_all().build().unwrap();
    let (frozen, awake) = (runtime(), runtime());
    let options = server.options();
    let [first, second] = [
        frozen.block_on(options.clone().connect()).unwrap(),
        awake.block_on(options.connect()).unwrap(),
    ];
    let session = id("s");
    let opened = frozen.block_on(first.open(&session, Claim::default())).unwrap();
    frozen.block_on(first.append(append(&session, opened.epoch, 0, 1))).unwrap();
    let late = first.append(append(&session, opened.epoch, 1, 1));
    awake.block_on(async {
        let opened = second.open(&session, Claim::default()).await.unwrap();
        second.append(append(&session, opened.epoch, 1, 2)).await.unwrap();
    });
    let error = frozen.block_on(late).unwrap_err();
    assert!(matches!(error, LogError::Fenced { .. }), "{error:?}");
    assert_eq!(frozen.block_on(jsons(&first, &session)).len(), 3);
}
