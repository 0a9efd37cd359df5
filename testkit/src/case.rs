//! Test cases, and how they are run.

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

/// A test of one requirement of the contract of [`Log`](burdock::Log).
#[derive(Clone, Copy)]
pub struct Case {
    /// The section of the suite.
    pub group: &'static str,
    /// The required behavior, as a test name.
    pub name: &'static str,
    pub(crate) run: fn(Trial) -> BoxFuture<'static, Verdict>,
}

impl Case {
    /// Returns the name with spaces instead of underscores.
    pub fn description(&self) -> String {
        self.name.replace('_', " ")
    }

    /// Runs the case on a new thread.
    ///
    /// A case that hangs fails after [`Subject::case_timeout`]; its thread is not stopped.
    pub fn run(&self, subject: &Arc<dyn Subject>) -> Outcome {
        let (run, name, trial) = (self.run, self.name, Arc::clone(subject));
        let (sender, receiver) = mpsc::channel();
        let thread = thread::spawn(move || {
            trial.block_on(Box::pin(async {
                let verdict = match Trial::new(Arc::clone(&trial), name).await {
                    Ok(trial) => run(trial).await,
                    Err(error) => Err(error.into()),
                };
                // the receiver is dropped after a timeout
                let _ = sender.send(verdict);
            }));
        });
        match receiver.recv_timeout(subject.case_timeout()) {
            Ok(Ok(())) => Outcome::Passed,
            Ok(Err(Stop::Failure(failure))) => Outcome::Failed(failure),
            Ok(Err(Stop::NotApplicable(reason))) => Outcome::NotApplicable(reason),
            Err(mpsc::RecvTimeoutError::Timeout) => Outcome::Failed(Failure::new(format!(
                "timed out after {:?}",
                subject.case_timeout()
            ))),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                Outcome::Failed(Failure::new(format!("panicked: {}", panic_message(thread))))
            }
        }
    }
}

impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Case({}: {})", self.group, self.description())
    }
}

fn panic_message(thread: thread::JoinHandle<()>) -> String {
    let Err(payload) = thread.join() else {
        return "`block_on` returned before the future completed".into();
    };
    let text = payload.downcast_ref::<&str>().map(ToString::to_string);
    text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_default()
}

/// The outcome of a case.
#[derive(Clone, Debug)]
pub enum Outcome {
    /// The log meets the requirement.
    Passed,
    /// The log does not meet the requirement.
    Failed(Failure),
    /// The subject does not implement a method that the case needs, with the reason.
    NotApplicable(&'static str),
}

/// The failure of a case: a message and the location of the check.
#[derive(Clone, Debug)]
pub struct Failure {
    message: String,
    location: &'static Location<'static>,
}

impl Failure {
    #[track_caller]
    pub(crate) fn new(mut message: String) -> Self {
        // compared values may be megabytes long
        if let Some((end, _)) = message.char_indices().nth(600) {
            message.truncate(end);
            message.push('…');
        }
        Self { message, location: Location::caller() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}:{})", self.message, self.location.file(), self.location.line())
    }
}

impl From<LogError> for Stop {
    #[track_caller]
    fn from(error: LogError) -> Self {
        Self::Failure(Failure::new(format!("unexpected error: {error} ({error:?})")))
    }
}

/// Runs the case with this name, and panics if it fails.
///
/// This is the body of the tests that [`conformance!`](crate::conformance) generates.
#[allow(clippy::panic, reason = "this is how a test fails")]
#[allow(clippy::print_stdout, reason = "a case that is not applicable must not pass silently")]
pub fn check(name: &str, subject: impl Subject) {
    let Some(case) = CASES.iter().find(|case| case.name == name) else {
        panic!("unknown case `{name}`")
    };
    match case.run(&(Arc::new(subject) as Arc<dyn Subject>)) {
        Outcome::Passed => {}
        Outcome::Failed(failure) => panic!("{}: {failure}", case.description()),
        Outcome::NotApplicable(reason) => println!("not applicable: {reason}"),
    }
}

/// Generates a `#[test]` for every case of the suite.
///
/// The argument is an expression that creates a [`Subject`]; every test evaluates it once. Tests run
/// concurrently, so they need separate stores or one that supports concurrent use. A case that is not
/// applicable passes as a test and prints the reason; [`run`](crate::run) reports it separately.
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
        /// All cases, in the order of reports.
        pub const CASES: &[Case] = &[$($(Case {
            group: stringify!($group),
            name: stringify!($name),
            run: |trial| Box::pin(crate::cases::$group::$name(trial)),
        },)*)*];
    };
}

crate::__cases! { [cases] [] }
