//! Apps on a file that is full, read-only, truncated or damaged, and with values that it cannot hold: the error
//! names the problem, acknowledged commits are kept, and the app continues.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    App, Position,
    log::{Log, LogError, MAX_ENTRY_BYTES, Offset, SessionFilter, SessionId, fork},
    prelude::*,
};
use burdock_sqlite::SqliteLog;
use burdock_tests::clock::Clock;
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, env, error::Error, fs, path::Path, sync::Arc, time::Duration};
use tempfile::tempdir;

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    pub lines: Vector<String>,
    pub entered: usize,
    pub total: f64,
    pub pairs: BTreeMap<Key, u8>,
}

/// Written as text, or as a pair, which cannot be a key in JSON.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Key {
    Text(String),
    Pair(u8, u8),
}

/// A line to enter, and a value that may be invalid.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Order {
    pub line: String,
    pub fault: Fault,
    pub number: f64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Fault {
    #[default]
    None,
    NanItem,
    NanField,
    PairKey,
    Large,
}

#[action(state = Ledger, reads(lines), writes(lines))]
async fn note(ledger: Reads<'_>, #[input] order: &Order) -> Result<Writes> {
    let mut lines = ledger.lines.clone();
    lines.push_back(order.line.clone());
    Ok(Writes { lines })
}

#[streaming_action(
    state = Ledger,
    reads(lines, entered, pairs),
    writes(lines, entered, total, pairs),
    yields(f64)
)]
async fn enter(ledger: Reads<'_>, #[input] order: &Order) -> Result<Writes> {
    yield_!(if order.fault == Fault::NanItem { f64::NAN } else { order.number });
    let (mut lines, mut pairs) = (ledger.lines.clone(), ledger.pairs.clone());
    let total = if order.fault == Fault::NanField { f64::NAN } else { order.number };
    let odd = order.fault == Fault::PairKey;
    pairs.insert(if odd { Key::Pair(1, 2) } else { Key::Text("a".into()) }, 1);
    if order.fault == Fault::Large {
        lines.push_back("x".repeat(MAX_ENTRY_BYTES));
    }
    Ok(Writes { lines, entered: ledger.entered + 1, total, pairs })
}

graph! {
    /// Notes a line, and enters it.
    pub Entering(Ledger) {
        inputs { order: Order }
        yields f64;
        nodes { note, enter }
        start note;
        note -> enter;
        enter -> pause;
    }
}

fn order(line: &str) -> EnteringInputs {
    EnteringInputs { order: Order { line: line.into(), ..Order::default() } }
}

async fn try_open(path: &Path, id: &str) -> Result<App<Entering>, Box<dyn Error>> {
    let log = SqliteLog::open(path).await?;
    Ok(Entering::app().id(id).log(log).existing().build().await?)
}

/// Opens a session, which may be new.
async fn open(log: &SqliteLog, id: &str) -> App<Entering> {
    Entering::app().id(id).log(log.clone()).build().await.unwrap()
}

/// The messages of an error and its sources.
fn report(error: &(dyn Error + 'static)) -> String {
    let mut report = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        report = format!("{report}: {error}");
        source = error.source();
    }
    report
}

/// A file with a session of three lines, closed.
async fn file(folder: &Path) -> std::path::PathBuf {
    let path = folder.join("ledger.db");
    let log = SqliteLog::open(&path).await.unwrap();
    let mut app = open(&log, "anna").await;
    for line in ["first line", "second line", "third line"] {
        app.run(order(line)).await.unwrap();
    }
    app.close().await.unwrap();
    log.close().await;
    path
}

/// Changes a letter in the commit of the second line, also in free pages of the file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let mark = b"tail\":[\"second line";
    let places: Vec<_> =
        (0..bytes.len() - mark.len()).filter(|at| bytes[*at..].starts_with(mark)).collect();
    assert!(!places.is_empty());
    for at in places {
        bytes[at + mark.len() - 1] ^= 1;
    }
    fs::write(path, bytes).unwrap();
}

fn lines(app: &App<Entering>) -> Vec<&str> {
    app.state().lines.iter().map(String::as_str).collect()
}

/// Asserts that the session of the restored file can be opened and continued.
async fn assert_continues(path: &Path) {
    let mut app = try_open(path, "anna").await.unwrap();
    assert_eq!(lines(&app), ["first line", "second line", "third line"]);
    assert_eq!((app.position(), app.state().entered), (Position::Rest(EnteringNode::note), 3));
    app.run(order("on")).await.unwrap();
    assert_eq!(lines(&app), ["first line", "second line", "third line", "on"]);
}

#[tokio::test]
async fn a_full_file_ends_the_run_and_the_app_continues_once_there_is_space() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let log = SqliteLog::options().max_bytes(800_000).open(&path).await.unwrap();
    let mut filler = open(&log, "filler").await;
    filler.run(order(&"x".repeat(50_000))).await.unwrap();
    filler.close().await.unwrap();

    let mut app = open(&log, "anna").await;
    let mut acknowledged = Vec::new();
    let error = loop {
        let line = format!("{}{}", acknowledged.len(), "y".repeat(5000));
        match app.run(order(&line)).await {
            Ok(_) => acknowledged.push(line),
            Err(error) => break error,
        }
    };
    let room = format!("the log is full: `{}` cannot grow", path.display());
    assert!(report(&error).contains(&room), "{}", report(&error));
    assert!(acknowledged.len() > 10);
    let noted = lines(&app).len() - acknowledged.len();
    assert_eq!(lines(&app)[..acknowledged.len()], acknowledged);
    assert!(noted <= 1 && app.state().entered == acknowledged.len(), "the last commit");
    let again = app.at(Offset::ZERO).await.unwrap();
    assert!(again.state.lines.is_empty(), "the log can be read");

    log.delete(&SessionId::new("filler").unwrap()).await.unwrap();
    let position = app.position();
    match position {
        Position::Rest(_) => app.run(order("on")).await.unwrap(),
        _ => app.resume().await.unwrap(),
    };
    let state = app.close().await.unwrap();
    assert_eq!(state.entered, acknowledged.len() + 1);
    assert_eq!(state.lines.len(), acknowledged.len() + 1);
    log.close().await;
    assert_eq!(try_open(&path, "anna").await.unwrap().state(), &state);
}

#[tokio::test]
async fn a_truncated_file_is_reported_or_complete() {
    let folder = tempdir().unwrap();
    let path = file(folder.path()).await;
    let whole = fs::read(&path).unwrap();
    let mut reported = 0;
    for part in 0..16 {
        fs::write(&path, &whole[..whole.len() * part / 16]).unwrap();
        match try_open(&path, "anna").await {
            Ok(app) => assert_eq!(lines(&app), ["first line", "second line", "third line"]),
            Err(error) => {
                let error = report(&*error);
                let named = error.contains(&format!("`{}`", path.display()));
                let damaged = error.contains("the session `anna` is damaged");
                // an empty file is a new log
                let none = part == 0 && error == "there is no session `anna`";
                assert!(named || damaged || none, "{error}");
                reported += 1;
            }
        }
        for end in ["-wal", "-shm"] {
            // there may be none
            let _ = fs::remove_file(folder.path().join(format!("ledger.db{end}")));
        }
    }
    assert!(reported > 8);
    fs::write(&path, &whole).unwrap();
    assert_continues(&path).await;
}

#[tokio::test]
async fn a_session_with_a_damaged_entry_cannot_be_opened_and_a_fork_before_it_can() {
    let folder = tempdir().unwrap();
    let path = file(folder.path()).await;
    let whole = fs::read(&path).unwrap();
    damage(&path);
    let error = report(&*try_open(&path, "anna").await.unwrap_err());
    let start = "the session `anna` is damaged at offset ";
    let rest = error.strip_prefix(start).unwrap_or_else(|| panic!("{error}"));
    let (offset, reason) = rest.split_once(": ").unwrap();
    assert_eq!(reason, "checksum mismatch");
    let offset: u64 = offset.parse().unwrap();

    let log = SqliteLog::open(&path).await.unwrap();
    let (shared, anna): (Arc<dyn Log>, _) =
        (Arc::new(log.clone()), SessionId::new("anna").unwrap());
    let other = SessionId::new("other").unwrap();
    let refused = fork(&shared, &anna, Offset(offset), &other).await.unwrap_err();
    assert!(matches!(refused, LogError::Damaged { .. }), "{refused}");
    fork(&shared, &anna, Offset(offset - 1), &other).await.unwrap();
    let mut app = open(&log, "other").await;
    app.resume().await.unwrap();
    assert_eq!(lines(&app), ["first line", "second line"], "the run is resumed with its inputs");
    drop((app, shared));
    log.close().await;
    fs::write(&path, whole).unwrap();
    assert_continues(&path).await;
}

#[tokio::test]
async fn a_damaged_entry_before_the_last_snapshot_is_reported_by_the_history() {
    let folder = tempdir().unwrap();
    let path = file(folder.path()).await;
    let mut app = try_open(&path, "anna").await.unwrap();
    app.run(order(&"z".repeat(70_000))).await.unwrap();
    drop(app);
    damage(&path);
    let mut app = try_open(&path, "anna").await.unwrap();
    let mut history = app.history().unwrap();
    let error = loop {
        match history.next().await {
            Ok(step) => assert!(step.unwrap().step < 2),
            Err(error) => break error,
        }
    };
    assert!(matches!(error, LogError::Damaged { .. }), "{error}");
    app.run(order("on")).await.unwrap();
    assert_eq!(app.state().lines.len(), 5);
}

#[tokio::test]
async fn any_text_is_a_session_id_unless_it_is_empty_too_long_or_has_a_nul() {
    let folder = tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("ledger.db")).await.unwrap();
    let longest = "é".repeat(512);
    let ids = ["it's/a \"session\"\\'; DROP TABLE entries; --", "../../x", "%_%", " ", &longest];
    for id in ids {
        let mut app = open(&log, id).await;
        app.run(order(id)).await.unwrap();
        app.close().await.unwrap();
    }
    for id in ids {
        let app = open(&log, id).await;
        assert_eq!((app.id(), lines(&app)), (id, vec![id]));
    }
    let app = open(&log, " ").await;
    for (id, reason) in [
        ("x".repeat(10 << 10), "it has 10240 bytes, and at most 1024 are allowed"),
        (String::new(), "it is empty"),
        ("a\0".into(), "it contains a NUL character"),
    ] {
        let built = Entering::app().id(&id).log(log.clone()).build().await;
        for error in [built.unwrap_err(), app.fork(Offset::ZERO, id).await.unwrap_err()] {
            assert_eq!(report(&error), format!("invalid session id: {reason}"));
        }
    }
    assert_eq!(log.sessions(SessionFilter::default()).await.unwrap().len(), ids.len());
}

#[tokio::test]
async fn a_value_that_json_cannot_represent_is_named_and_the_last_commit_is_kept() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("ledger.db");
    let log = SqliteLog::open(&path).await.unwrap();
    let mut app = open(&log, "anna").await;
    app.run(order("first line")).await.unwrap();
    let mut expected = vec!["first line".to_owned()];
    for (fault, reason) in [
        (Fault::NanItem, "an item of node `enter` cannot be recorded: JSON has no number for NaN"),
        (Fault::NanField, "field `total` cannot be recorded: JSON has no number for NaN"),
        (Fault::PairKey, "field `pairs` cannot be recorded: key must be a string"),
        (Fault::Large, " bytes is too large: the limit is 67108864"),
    ] {
        let line = format!("{fault:?}");
        let order = Order { line: line.clone(), fault, number: 0.5 };
        let error = report(&app.run(EnteringInputs { order }).await.unwrap_err());
        assert!(
            error.starts_with("the session could not be recorded at node `enter`: "),
            "{error}"
        );
        assert!(error.ends_with(reason), "{error}");
        expected.push(line);
        assert_eq!(lines(&app), expected, "{fault:?}");
        assert_eq!(app.position(), Position::Unfinished(EnteringNode::enter));
        // the session has the same state when it is opened again
        let state = app.state().clone();
        drop(app);
        app = open(&log, "anna").await;
        assert_eq!(app.state(), &state);
        assert_eq!(app.position(), Position::Unfinished(EnteringNode::enter));
        let line = format!("instead of {fault:?}");
        app.restart(self::order(&line)).await.unwrap();
        expected.push(line);
        assert_eq!(lines(&app), expected);
    }
    let order = Order { number: f64::INFINITY, ..Order::default() };
    let error = report(&app.run(EnteringInputs { order }).await.unwrap_err());
    let reason = "the inputs cannot be recorded: JSON has no number for inf at `order.number`";
    assert_eq!(error, format!("the session could not be recorded at node `note`: {reason}"));
    assert_eq!(app.position(), Position::Rest(EnteringNode::note));
    app.run(self::order("on")).await.unwrap();
    expected.push("on".into());
    let state = app.close().await.unwrap();
    assert!(state.lines.iter().eq(&expected));
    assert_eq!(open(&log, "anna").await.state(), &state);

    let state = Ledger { total: f64::NAN, ..Ledger::default() };
    let built = Entering::app().id("new").state(state).log(log.clone()).build().await;
    let error = report(&built.unwrap_err());
    assert_eq!(error, "field `total` cannot be recorded: JSON has no number for NaN");
    assert_eq!(log.sessions(SessionFilter::default()).await.unwrap().len(), 1);
}

#[tokio::test]
async fn the_time_of_a_session_does_not_go_back_with_the_wall_clock() {
    let folder = tempdir().unwrap();
    let log = SqliteLog::open(folder.path().join("ledger.db")).await.unwrap();
    let clock = Clock::default();
    for day in [20_000, 10_000, 0, 20_001, 1] {
        clock.set_wall(Duration::from_hours(24 * day));
        let app = Entering::app().id("anna").log(log.clone()).runtime(clock.clone());
        let mut app = app.build().await.unwrap();
        app.run(order(&day.to_string())).await.unwrap();
        clock.set_wall(Duration::from_hours(12 * day));
        clock.advance(Duration::from_secs(1));
        app.run(order("later")).await.unwrap();
        app.close().await.unwrap();
    }
    let app = open(&log, "anna").await;
    let later = "later";
    let expected = ["20000", later, "10000", later, "0", later, "20001", later, "1", later];
    assert_eq!(lines(&app), expected);
    let (mut history, mut last) = (app.history().unwrap(), Duration::ZERO);
    let mut steps = 0;
    while let Some(step) = history.next().await.unwrap() {
        assert!(step.time.since_start() >= last, "the time of the session never goes back");
        last = step.time.since_start();
        steps += 1;
    }
    assert_eq!(steps, 20);
    assert!(last >= Duration::from_secs(5));
}

/// The environment variable with the path of the file that a child process opens.
const FILE: &str = "BURDOCK_TEST_READ_ONLY";

#[cfg(unix)]
#[tokio::test]
async fn sessions_of_a_read_only_file_open_once_it_is_writable() {
    use std::{
        os::unix::{
            fs::{MetadataExt, PermissionsExt},
            process::CommandExt,
        },
        process::Command,
    };
    let folder = tempdir().unwrap();
    let path = file(folder.path()).await;
    let set = |path: &Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    // a copy, because the user of the child may not have access to the folder of the program
    let program = folder.path().join("program");
    fs::copy(env::current_exe().unwrap(), &program).unwrap();
    set(&path, 0o444);
    set(folder.path(), 0o755);
    let mut command = Command::new(program);
    command.args(["--exact", "child_process_opens_a_session", "--nocapture"]).env(FILE, &path);
    if fs::metadata(&path).unwrap().uid() == 0 {
        // nothing is read-only for root
        command.uid(65_534);
    }
    let output = command.output().unwrap();
    let stdout = String::from_utf8(output.stdout).unwrap();
    let error = stdout.lines().find_map(|line| line.strip_prefix("> ")).unwrap();
    let expected = format!("the log cannot be stored: `{}` ", path.display());
    assert!(error.starts_with(&expected) && error.contains("read-only"), "{error}");
    set(&path, 0o644);
    assert_continues(&path).await;
}

#[tokio::test]
async fn child_process_opens_a_session() {
    if let Some(path) = env::var_os(FILE) {
        let opened = try_open(Path::new(&path), "anna").await;
        let result = opened.map_or_else(|error| report(&*error), |_| "opened".into());
        std::io::Write::write_all(&mut std::io::stdout(), format!("\n> {result}\n").as_bytes())
            .unwrap();
    }
}
