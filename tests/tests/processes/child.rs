//! The other end of the pipes: this program again, as a process that does what it is told.

use burdock::{
    ActionError, App, Event, EventKind, Outcome, Position, RunError, RunErrorKind,
    log::{Cursor, Durability, LogError},
    prelude::*,
    run::{BuildError, ReadError},
};
use burdock_sqlite::SqliteLog;
use serde::{Deserialize, Serialize};
use std::{
    env,
    error::Error,
    io::{self, BufRead, Write},
    process,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

/// The file, in the environment of a child.
pub const FILE: &str = "BURDOCK_TEST_FILE";

/// How many milliseconds it waits for a lock on the file, in its environment.
pub const PATIENCE: &str = "BURDOCK_TEST_PATIENCE";

/// Before what it says, between what the harness says.
pub const MARK: &str = "> ";

/// The session that all of them open.
pub const SESSION: &str = "tale";

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tale {
    pub left: u32,
    pub lines: Vector<String>,
}

#[action(state = Tale, writes(left))]
async fn begin(#[input] steps: u32) -> Result<Writes> {
    Ok(Writes { left: steps })
}

/// Tells a line of up to four words, none of which was ever told before; fails every ninth time.
#[streaming_action(state = Tale, reads(left, lines), writes(left, lines), yields(String))]
async fn tell(tale: Reads<'_>) -> Result<Writes> {
    static CALLS: AtomicU32 = AtomicU32::new(0);
    let call = CALLS.fetch_add(1, Ordering::Relaxed);
    let mut line = Vec::new();
    for word in 0..tale.lines.len() % 5 {
        let word = format!("{}.{call}.{word}", process::id());
        line.push(word.clone());
        yield_!(word);
    }
    if call % 9 == 8 {
        return Err(ActionError::msg("lost the thread"));
    }
    let mut lines = tale.lines.clone();
    lines.push_back(line.join(" "));
    Ok(Writes { left: tale.left.saturating_sub(1), lines })
}

/// Goes on with the next line.
#[action(state = Tale, reads(left), writes(left))]
async fn skip(tale: Reads<'_>) -> Result<Writes> {
    Ok(Writes { left: *tale.left })
}

graph! {
    /// Tells as many lines as it is asked for.
    pub Telling(Tale) {
        inputs { steps: u32 }
        yields String;
        nodes { begin, tell, skip }
        start begin;
        begin | skip -> tell;
        tell -> if state.left == 0 { pause } else { tell };
        on error tell -> skip;
    }
}

/// Does nothing, unless it is a child.
#[test]
fn child_process_executes_commands() {
    if let Some(file) = env::var_os(FILE) {
        // the harness left a line unfinished
        writeln!(io::stdout()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let patience = env::var(PATIENCE).unwrap().parse().unwrap();
            let options = SqliteLog::options().busy_timeout(Duration::from_millis(patience));
            let log = options.open(file).await.unwrap();
            say(format_args!("ready"));
            obey(&log).await;
        });
    }
}

async fn obey(log: &SqliteLog) {
    let mut app = None;
    for command in io::stdin().lock().lines() {
        let command = command.unwrap();
        match command.strip_prefix("open ") {
            Some(durability) => app = open(log, durability).await,
            None => run(app.as_mut().unwrap(), &command).await,
        }
    }
}

async fn open(log: &SqliteLog, durability: &str) -> Option<App<Telling>> {
    let durability = match durability {
        "commit" => Durability::Commit,
        "item" => Durability::Item,
        other => panic!("{other}"),
    };
    let app = Telling::app().id(SESSION).log(log.clone()).durability(durability);
    match app.build().await {
        Ok(app) => {
            let (epoch, offset) = (app.epoch().unwrap(), app.cursor().unwrap().offset);
            say(format_args!("opened {}", Cursor { epoch, offset }));
            Some(app)
        }
        Err(BuildError::Open(ReadError::Log(LogError::Unavailable(_)))) => {
            say(format_args!("locked"));
            None
        }
        Err(error) => panic!("{error}: {:?}", error.source()),
    }
}

/// Begins a run, or goes on with the one that is not finished: where it is, or where it began.
async fn run(app: &mut App<Telling>, command: &str) {
    let (verb, steps) = command.split_once(' ').unwrap();
    let inputs = TellingInputs { steps: steps.parse().unwrap() };
    let run = match (app.position(), verb) {
        (Position::Rest(_), _) => app.run(inputs),
        (_, "resume") => app.resume(),
        _ => app.restart(inputs),
    };
    let mut events = run.events();
    while let Some(Ok(event)) = events.next().await {
        tell_of(&event);
    }
    match events.finish().await.map(|end| end.outcome()).map_err(RunError::into_kind) {
        Ok(Outcome::Paused(_)) => say(format_args!("done")),
        Err(RunErrorKind::Log { source: LogError::Fenced { .. }, .. }) => {
            say(format_args!("fenced"));
        }
        other => panic!("{other:?}"),
    }
}

fn tell_of(event: &Event<Telling>) {
    let Some(cursor) = event.cursor else { return };
    match &event.kind {
        EventKind::Item(word) => say(format_args!("item {cursor} {word}")),
        EventKind::ItemsSuperseded { items } => say(format_args!("superseded {cursor} {items}")),
        EventKind::StepCommitted { .. } => say(format_args!("committed {cursor} {}", event.step)),
        other => say(format_args!("other {cursor} {}", other.name())),
    }
}

/// One write each, so that a line is whole or not there.
fn say(line: std::fmt::Arguments<'_>) {
    io::stdout().write_all(format!("{MARK}{line}\n").as_bytes()).unwrap();
}
