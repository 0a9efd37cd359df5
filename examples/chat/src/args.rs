//! The command line.

use crate::trace::Trace;
use burdock::log::{LogError, Offset, SessionId};

/// How to call the example.
pub const USAGE: &str = "\
A chat in the terminal.

Usage: cargo run -p chat -- [--trace] [--db WHERE [--session ID] [--fork ID@OFFSET]]
       cargo run -p chat -- --db WHERE --list [--session ID]

  --db WHERE         keeps every session: a file, or postgres://… (feature `postgres`)
  --session ID       the session; one that exists goes on where it stands
  --fork ID@OFFSET   begins a new session with what another one was after that entry
  --list             shows the sessions, or with --session its steps and their entries
  --durability WHAT  what is stored before it is shown: item (the default) or commit
  --trace            shows the path of each prompt through the graph
  --help             shows this

Ctrl-C stops an answer, and pressed again it quits. Ctrl-D ends the session.
Lines may come from a pipe: echo 'what is a monad?' | cargo run -q -p chat

A few rules answer, offline. For a model, add `--features providers` and set
  OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY   a provider
  BURDOCK_MODEL                                         another model than its default
  BURDOCK_BASE_URL                                      a server with the protocol of OpenAI

RUST_LOG=debug reports more on the standard error than warnings and errors.
";

/// What the command line asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Args {
    /// To talk.
    Talk(Trace, Option<Kept>),
    /// To show the sessions of a store, or the steps of one.
    List(String, Option<SessionId>),
    /// To say how to call it.
    Help,
}

/// Where a session is kept, and which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// A file or the address of a database.
    pub place: String,
    /// The session; otherwise a new one with a name of its own.
    pub session: Option<SessionId>,
    /// What a new session begins with.
    pub fork: Option<(SessionId, Offset)>,
    /// What is stored before it is shown.
    pub stored: Stored,
}

/// What is stored before it is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stored {
    /// Every word.
    #[default]
    Items,
    /// Every commit.
    Commits,
}

/// Why a command line means nothing.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// An argument that is not known.
    #[error("unknown argument `{0}`")]
    Unknown(String),
    /// An argument without its value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// A value that cannot be.
    #[error("`{0}` must be {1}")]
    Value(&'static str, &'static str),
    /// A session that cannot be.
    #[error(transparent)]
    Session(#[from] LogError),
    /// An argument that says something about a store, without one.
    #[error("`{0}` needs `--db`")]
    NoPlace(&'static str),
}

/// The arguments as they are read.
#[derive(Default)]
struct Given {
    place: Option<String>,
    session: Option<SessionId>,
    fork: Option<(SessionId, Offset)>,
    stored: Option<Stored>,
    list: bool,
}

impl Args {
    /// Reads the arguments after the program's name.
    pub fn parse(mut args: impl Iterator<Item = String>) -> Result<Self, ArgsError> {
        let mut trace = Trace::Hidden;
        let mut given = Given::default();
        while let Some(arg) = args.next() {
            let mut value = || args.next().ok_or_else(|| ArgsError::NoValue(arg.clone()));
            match arg.as_str() {
                "--trace" => trace = Trace::Shown,
                "--list" => given.list = true,
                "--db" => given.place = Some(value()?),
                "--session" => given.session = Some(SessionId::new(value()?)?),
                "--fork" => given.fork = Some(parse_fork(&value()?)?),
                "--durability" => given.stored = Some(parse_stored(&value()?)?),
                "--help" | "-h" => return Ok(Self::Help),
                _ => return Err(ArgsError::Unknown(arg)),
            }
        }
        given.into_args(trace)
    }
}

impl Given {
    fn into_args(self, trace: Trace) -> Result<Args, ArgsError> {
        let Self { place, session, fork, stored, list } = self;
        let Some(place) = place else {
            let without_place = [
                ("--session", session.is_some()),
                ("--fork", fork.is_some()),
                ("--list", list),
                ("--durability", stored.is_some()),
            ];
            return match without_place.iter().find(|(_, given)| *given) {
                Some((name, _)) => Err(ArgsError::NoPlace(name)),
                None => Ok(Args::Talk(trace, None)),
            };
        };
        if list {
            return Ok(Args::List(place, session));
        }
        let stored = stored.unwrap_or_default();
        Ok(Args::Talk(trace, Some(Kept { place, session, fork, stored })))
    }
}

fn parse_fork(text: &str) -> Result<(SessionId, Offset), ArgsError> {
    let wrong = || ArgsError::Value("--fork", "`ID@OFFSET`; `--list --session ID` shows offsets");
    let (id, offset) = text.rsplit_once('@').ok_or_else(wrong)?;
    Ok((SessionId::new(id)?, Offset(offset.parse().map_err(|_| wrong())?)))
}

fn parse_stored(text: &str) -> Result<Stored, ArgsError> {
    match text {
        "item" => Ok(Stored::Items),
        "commit" => Ok(Stored::Commits),
        _ => Err(ArgsError::Value("--durability", "`item` or `commit`")),
    }
}
