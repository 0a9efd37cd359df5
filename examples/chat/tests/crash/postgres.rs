//! The same on `PostgreSQL`, whose server is killed as well.

use super::{Dice, KILLS, Result, Session, survive};
use burdock::log::{Log, SessionId};
use burdock_postgres::PostgresLog;
use burdock_subjects::server::Server;
use std::sync::Arc;
use tokio::runtime::Builder;

#[test]
fn a_killed_chat_resumes_on_postgresql() -> Result {
    let server = Server::start();
    // the log has background tasks for the duration of the test
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let log: Arc<dyn Log> = Arc::new(runtime.block_on(PostgresLog::connect(server.url()))?);
    let _entered = runtime.enter();
    survive(&log, &server.url(), "item", KILLS)
}

#[test]
fn a_killed_server_loses_no_entries() -> Result {
    let server = Server::start();
    let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let log: Arc<dyn Log> = Arc::new(runtime.block_on(PostgresLog::connect(server.url()))?);
    let _entered = runtime.enter();
    let session = |id: String| -> Result<Session> {
        let (place, log) = (server.url(), Arc::clone(&log));
        Ok(Session { place, durability: "item", id: SessionId::new(id)?, log })
    };
    let undisturbed = session("undisturbed".into())?;
    undisturbed.talk(None)?;
    let expected = undisturbed.history()?;
    let mut dice = Dice(7);
    for crash in 0..10 {
        let session = session(format!("crash {crash}"))?;
        let inject = |_: &mut _| {
            server.crash();
            server.restart();
            Ok(())
        };
        let ended = session.talk(Some((dice.roll(1200), &inject)))?;
        session.check_shown(&ended.shown)?;
        if !ended.finished {
            // the server was down when the session was opened
            session.talk(None)?;
        }
        session.check_steps()?;
        assert_eq!(session.history()?, expected, "crash {crash}");
    }
    Ok(())
}
