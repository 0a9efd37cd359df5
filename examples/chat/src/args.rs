//! The command line.

use crate::trace::Trace;
use burdock::log::{LogError, Offset, SessionId};

/// The usage message.
pub const USAGE: &str = "\
A chat in the terminal.

Usage: cargo run -p chat -- [--trace] [--db WHERE [--session ID] [--fork ID@OFFSET]]
       cargo run -p chat -- --db WHERE --list [--session ID]

  --db WHERE         where sessions are stored: a file, or postgres://… (feature `postgres`)
  --session ID       the session; an existing one continues
  --fork ID@OFFSET   starts a new session as a copy of another one after that entry
  --list             lists the sessions, or with --session the steps of one, with their entries
  --durability WHAT  what is stored before it is shown: item (the default) or commit
  --trace            shows the path of each prompt through the graph
  --help             shows this message

Ctrl-C stops an answer; pressed again, it quits. Ctrl-D ends the program.
Lines can come from a pipe: echo 'what is a monad?' | cargo run -q -p chat

Answers are rule-based and offline. For a real model, add `--features providers` and set
  OPENAI_API_KEY, ANTHROPIC_API_KEY or GEMINI_API_KEY   the key of a provider
  BURDOCK_MODEL                                         a model other than the provider's default
  BURDOCK_BASE_URL                                      a server with the OpenAI protocol

RUST_LOG=debug writes more than warnings and errors to standard error.
";

/// The parsed command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Args {
    /// Starts a conversation.
    Talk(Trace, Option<Kept>),
    /// Lists the sessions of a store, or the steps of one.
    List(String, Option<SessionId>),
    /// Prints the usage message.
    Help,
}

/// A session and its store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kept {
    /// A file or the URL of a database.
    pub place: String,
    /// The session; a new one with a random id if absent.
    pub session: Option<SessionId>,
    /// The session and entry that a new session is forked from.
    pub fork: Option<(SessionId, Offset)>,
    /// The durability mode.
    pub stored: Stored,
}

/// The durability mode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stored {
    /// Every item is stored before it is shown.
    #[default]
    Items,
    /// Every commit is stored before it is shown.
    Commits,
}

/// An error in the command line.
#[derive(Debug, thiserror::Error)]
pub enum ArgsError {
    /// An unknown argument.
    #[error("unknown argument `{0}`")]
    Unknown(String),
    /// An argument without its value.
    #[error("`{0}` needs a value")]
    NoValue(String),
    /// An invalid value.
    #[error("`{0}` must be {1}")]
    Value(&'static str, &'static str),
    /// An invalid session id.
    #[error(transparent)]
    Session(#[from] LogError),
    /// An argument that requires a store, without one.
    #[error("`{0}` needs `--db`")]
    NoPlace(&'static str),
}

/// The arguments parsed so far.
#[derive(Default)]
struct Given {
    place: Option<String>,
    session: Option<SessionId>,
    fork: Option<(SessionId, Offset)>,
    stored: Option<Stored>,
    list: bool,
}

impl Args {
    /// Parses the arguments after the program's name.
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
