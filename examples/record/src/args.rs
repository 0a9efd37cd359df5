//! The command line.

use burdock::log::{Offset, SessionId};
use std::error::Error;

/// How to call the example.
pub const USAGE: &str = "\
Makes tests of the steps of a recorded session.

Usage: cargo run -p record -- FILE                         lists the sessions
       cargo run -p record -- FILE SESSION                 lists the steps of one
       cargo run -p record -- FILE SESSION ENTRY           prints the step that ended with an entry
       cargo run -p record -- FILE SESSION ENTRY --test    prints it as a test
       cargo run -p record -- FILE SESSION --demo          records a session of the kiosk

  --graph GRAPH   the graph that wrote the session, unless it is the kiosk: a file with the JSON
                  that `Name::TOPOLOGY.json()` gives
";

/// What the command line asks for.
#[derive(Debug, PartialEq, Eq)]
pub enum Args {
    /// To list the sessions of a file.
    Sessions(String),
    /// To list the steps of a session.
    Steps(String, SessionId),
    /// To print a step.
    Step(String, SessionId, Offset, Form),
    /// To record a session.
    Demo(String, SessionId),
    /// To say how to call it.
    Help,
}

/// How a step is printed.
#[derive(Debug, PartialEq, Eq)]
pub enum Form {
    /// As data.
    Json,
    /// As a test; with the file that has the graph's JSON, if one was given.
    Test(Option<String>),
}

/// Reads the command line.
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
    let session = words.next().map(SessionId::new).transpose()?;
    let entry = words.next().map(|entry| entry.parse().map(Offset)).transpose();
    let entry = entry.map_err(|_| "the entry is a number, as in the list of steps")?;
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
        _ => Err("these arguments do not go together: `--help` has those that do".into()),
    }
}
