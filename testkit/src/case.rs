//! One sentence of the contract, and how it is tried.

use crate::{
    Subject,
    trial::{Stop, Trial, Verdict},
};
use burdock::log::LogError;
use futures::future::BoxFuture;
use std::{
    fmt,
    panic::Location,
    sync::{Arc, mpsc},
    thread,
};

/// One thing that every log has to do.
#[derive(Clone, Copy)]
pub struct Case {
    /// What it is about: a section of the suite.
    pub group: &'static str,
    /// What a log does, as the name of a test.
    pub name: &'static str,
    pub(crate) run: fn(Trial) -> BoxFuture<'static, Verdict>,
}

impl Case {
    /// The name as a sentence.
    pub fn sentence(&self) -> String {
        self.name.replace('_', " ")
    }

    /// Tries it, on a thread of its own.
    ///
    /// A case that hangs fails after the subject's patience; its thread is left behind.
    pub fn run(&self, subject: &Arc<dyn Subject>) -> Outcome {
        let (run, name, trial) = (self.run, self.name, Arc::clone(subject));
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            trial.block_on(Box::pin(async {
                let verdict = match Trial::new(Arc::clone(&trial), name).await {
                    Ok(trial) => run(trial).await,
                    Err(error) => Err(error.into()),
                };
                // nobody listens any more when it was too late
                let _ = sender.send(verdict);
            }));
        });
        match receiver.recv_timeout(subject.patience()) {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(Stop::Fault(fault))) => Outcome::Failed(fault),
            Ok(Err(Stop::NotApplicable(reason))) => Outcome::NotApplicable(reason),
            Err(mpsc::RecvTimeoutError::Timeout) => {
                Outcome::Failed(Fault::new(format!("no end after {:?}", subject.patience())))
            }
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Outcome::Failed(Fault::new(format!("a panic: {}", panic_of(thread))))
            }
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({}: {})", self.group, self.sentence())
    }
}

fn panic_of(thread: thread::JoinHandle<()>) -> String {
    let Err(payload) = thread.join() else { return "the future was not run to its end".into() };
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// What came of a case.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The log does it.
    Passed,
    /// It does not.
    Failed(Fault),
    /// The subject lacks what the case needs.
    NotApplicable(&'static str),
}

/// What a log did wrong.
#[derive(Clone, Debug)]
pub struct Fault {
    message: String,
    place: &'static Location<'static>,
}

impl Fault {
    #[track_caller]
    pub(crate) fn new(mut message: String) -> Self {
        // what is compared may have megabytes
        if let Some((end, _)) = message.char_indices().nth(600) {
            message.truncate(end);
            message.push('…');
        }
        Self { message, place: Location::caller() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.message, self.place.file(), self.place.line())
    }
}

impl From<LogError> for Stop {
    #[track_caller]
    fn from(error: LogError) -> Self {
        Self::Fault(Fault::new(format!("an error that nothing calls for: {error} ({error:?})")))
    }
}

/// Tries the case of this name and panics when the log fails it: the body of a test that
/// [`conformance!`](crate::conformance) writes.
#[allow(clippy::panic, reason = "this is how a test fails")]
#[allow(clippy::print_stdout, reason = "a case that is not applicable must not pass in silence")]
pub fn check(name: &str, subject: impl Subject) {
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        panic!("there is no case `{name}`")
    };
    match case.run(&(Arc::new(subject) as Arc<dyn Subject>)) {
        Outcome::Passed => {}
        Outcome::Failed(fault) => panic!("{}: {fault}", case.sentence()),
        Outcome::NotApplicable(reason) => println!("not applicable: {reason}"),
    }
}

/// Writes a `#[test]` for every case of the suite.
///
/// The argument makes a [`Subject`]; every test evaluates it once. Tests run at the same time, so
/// they have stores of their own or one that bears it. A case that is not applicable passes as a
/// test and prints why; [`run`](crate::run) tells it from a passed one.
#[macro_export]
macro_rules! conformance {
    ($subject:expr $(,)?) => {
        $crate::__cases! { [$crate::__tests] [$subject] }
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __tests {
    ([$subject:expr] $($group:ident { $($name:ident)* })*) => {
        $($(
            #[test]
            fn $name() {
                $crate::check(::core::stringify!($name), $subject);
            }
        )*)*
    };
}

macro_rules! cases {
    ([] $($group:ident { $($name:ident)* })*) => {
        /// Every case, in the order of the report.
        pub const CASES: &[Case] = &[$($(Case {
            group: stringify!($group),
            name: stringify!($name),
            run: |trial| Box::pin(crate::cases::$group::$name(trial)),
        },)*)*];
    };
}

crate::__cases! { [cases] [] }
