//! The command line.

use burdock::log::{Offset, SessionId};
use std::error::Error;

/// The usage message.
pub const USAGE: &str = "\
Generates tests from the steps of a recorded session.

Usage: cargo run -p record -- FILE                         lists the sessions
       cargo run -p record -- FILE SESSION                 lists the steps of one
       cargo run -p record -- FILE SESSION ENTRY           prints the step that ended with an entry
       cargo run -p record -- FILE SESSION ENTRY --test    prints it as a test
       cargo run -p record -- FILE SESSION --demo          records a session of the kiosk

  --graph GRAPH   the graph that wrote the session, if it is not the kiosk: a file with the output
                  of `Name::TOPOLOGY.json()`
";

/// The parsed command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Args {
    /// Lists the sessions of a file.
    Sessions(String),
    /// Lists the steps of a session.
    Steps(String, SessionId),
    /// Prints a step.
    Step(String, SessionId, Offset, Form),
    /// Records a session.
    Demo(String, SessionId),
    /// Prints the usage message.
    Help,
}

/// The output format of a step.
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    /// JSON.
    Json,
    /// The source of a test; with the file of the graph's JSON, if one was given.
    Test(Option<String>),
}

/// Parses the command line.
pub fn parse(args: impl IntoIterator<Item = String>) -> Result<Args, Box<dyn Error>> {
    let mut args = args.into_iter();
    let (mut words, mut test, mut demo, mut graph) = (Vec::new(), None, None, None);
    while let Some(arg) = args.next() {
        match &*arg {
            "--help" => return Ok(Args::Help),
            "--test" => test = Some(()),
            "--demo" => demo = Some(()),
            "--graph" => graph = Some(args.next().ok_or("`--graph` needs a file")?),
            flag if flag.starts_with("--") => return Err(format!("unknown flag `{flag}`").into()),
            _ => words.push(arg),
        }
    }
    let mut words = words.into_iter();
    let Some(file) = words.next() else { return Ok(Args::Help) };
    // also the id of a child
    let session = words.next().map(SessionId::stored).transpose()?;
    let entry = words.next().map(|entry| entry.parse().map(Offset)).transpose();
    let entry = entry.map_err(|_| "the entry must be a number from the list of steps")?;
    match (session, entry, words.next(), test, demo, graph) {
        (None, None, None, None, None, None) => Ok(Args::Sessions(file)),
        (Some(session), None, None, None, None, None) => Ok(Args::Steps(file, session)),
        (Some(session), None, None, None, Some(()), None) => Ok(Args::Demo(file, session)),
        (Some(session), Some(entry), None, None, None, None) => {
            Ok(Args::Step(file, session, entry, Form::Json))
        }
        (Some(session), Some(entry), None, Some(()), None, graph) => {
            Ok(Args::Step(file, session, entry, Form::Test(graph)))
        }
        _ => Err("these arguments cannot be combined: see `--help`".into()),
    }
}
