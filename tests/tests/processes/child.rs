//! The child process: this test program again, which executes commands from a pipe.

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

/// The environment variable of a child with the path of the file.
pub const FILE: &str = "BURDOCK_TEST_FILE";

/// The environment variable of a child with the milliseconds that it waits for a lock on the file.
pub const BUSY_TIMEOUT: &str = "BURDOCK_TEST_BUSY_TIMEOUT";

/// Marks the output lines of a child among those of the test harness.
pub const MARK: &str = "> ";

/// The session that all processes open.
pub const SESSION: &str = "tale";

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Tale {
    pub left: u32,
    pub lines: Vector<String>,
}

#[action(state = Tale, writes(left))]
async fn prepare(#[input] steps: u32) -> Result<Writes> {
    Ok(Writes { left: steps })
}

/// Writes a line of up to four words, each of which is unique. Every ninth call fails.
#[streaming_action(state = Tale, reads(left, lines), writes(left, lines), yields(String))]
async fn narrate(tale: Reads<'_>) -> Result<Writes> {
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

/// Continues with the next line.
#[action(state = Tale, reads(left), writes(left))]
async fn skip(tale: Reads<'_>) -> Result<Writes> {
    Ok(Writes { left: *tale.left })
}

graph! {
    /// Writes as many lines as the input requests.
    pub Narrating(Tale) {
        inputs { steps: u32 }
        yields String;
        nodes { prepare, narrate, skip }
        start prepare;
        prepare | skip -> narrate;
        narrate -> if state.left == 0 { pause } else { narrate };
        on error narrate -> skip;
    }
}

/// Does nothing, unless this process is a child.
#[test]
fn child_process_executes_commands() {
    if let Some(file) = env::var_os(FILE) {
        // the test harness printed a line without its end
        writeln!(io::stdout()).unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let busy_timeout = env::var(BUSY_TIMEOUT).unwrap().parse().unwrap();
            let options = SqliteLog::options().busy_timeout(Duration::from_millis(busy_timeout));
            let log = options.open(file).await.unwrap();
            print_line(format_args!("ready"));
            execute(&log).await;
        });
    }
}

async fn execute(log: &SqliteLog) {
    let mut app = None;
    for command in io::stdin().lock().lines() {
        let command = command.unwrap();
        match command.strip_prefix("open ") {
            Some(durability) => app = open(log, durability).await,
            None => run(app.as_mut().unwrap(), &command).await,
        }
    }
}

async fn open(log: &SqliteLog, durability: &str) -> Option<App<Narrating>> {
    let durability = match durability {
        "commit" => Durability::Commit,
        "item" => Durability::Item,
        other => panic!("{other}"),
    };
    let app = Narrating::app().id(SESSION).log(log.clone()).durability(durability);
    match app.build().await {
        Ok(app) => {
            let (epoch, offset) = (app.epoch().unwrap(), app.cursor().unwrap().offset);
            print_line(format_args!("opened {}", Cursor { epoch, offset }));
            Some(app)
        }
        Err(BuildError::Open(ReadError::Log(LogError::Unavailable(_)))) => {
            print_line(format_args!("locked"));
            None
        }
        Err(error) => panic!("{error}: {:?}", error.source()),
    }
}

/// Starts a run, or resumes or restarts an unfinished one.
async fn run(app: &mut App<Narrating>, command: &str) {
    let (verb, steps) = command.split_once(' ').unwrap();
    let inputs = NarratingInputs { steps: steps.parse().unwrap() };
    let run = match (app.position(), verb) {
        (Position::Rest(_), _) => app.run(inputs),
        (_, "resume") => app.resume(),
        _ => app.restart(inputs),
    };
    let mut events = run.events();
    while let Some(Ok(event)) = events.next().await {
        print_event(&event);
    }
    match events.finish().await.map(|end| end.outcome()).map_err(RunError::into_kind) {
        Ok(Outcome::Paused(_)) => print_line(format_args!("done")),
        Err(RunErrorKind::Log { source: LogError::Fenced { .. }, .. }) => {
            print_line(format_args!("fenced"));
        }
        other => panic!("{other:?}"),
    }
}

fn print_event(event: &Event<Narrating>) {
    let Some(cursor) = event.cursor else { return };
    match &event.kind {
        EventKind::Item(word) => print_line(format_args!("item {cursor} {word}")),
        EventKind::ItemsSuperseded { items } => {
            print_line(format_args!("superseded {cursor} {items}"));
        }
        EventKind::StepCommitted { .. } => {
            print_line(format_args!("committed {cursor} {}", event.step));
        }
        other => print_line(format_args!("other {cursor} {}", other.name())),
    }
}

/// Prints a line with a single write, so that a killed process prints it completely or not at all.
fn print_line(line: std::fmt::Arguments<'_>) {
    io::stdout().write_all(format!("{MARK}{line}\n").as_bytes()).unwrap();
}
