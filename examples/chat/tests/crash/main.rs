//! Kills the chat repeatedly in the middle of its answers and resumes it.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

#[cfg(feature = "server-tests")]
mod postgres;

use burdock::log::{EntryKind, Log, LogError, Offset, RawSessionView, SessionId};
use burdock_sqlite::SqliteLog;
use futures_util::FutureExt;
use serde_json::Value;
use std::{
    error::Error,
    io::{Read, Write},
    process::{Child, Command, Stdio},
    sync::Arc,
};
use tokio::runtime::Builder;

type Result<T = ()> = std::result::Result<T, Box<dyn Error>>;

/// The prompts of a conversation; each answer depends on earlier ones.
const PROMPTS: [&str; 8] = [
    "my name is Ada",
    "write code for fizzbuzz",
    "what is a monad?",
    "what did you say?",
    "something unsafe",
    "what is my name?",
    "write a limerick",
    "what is 6 * 7?",
];

/// The number of kills, over as many conversations as needed.
const KILLS: usize = 200;

/// Knuth's linear congruential generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A session of the chat, and its log.
struct Session {
    place: String,
    durability: &'static str,
    id: SessionId,
    log: Arc<dyn Log>,
}

/// A fault injected into a running process.
type Injected<'a> = &'a dyn Fn(&mut Child) -> Result;

/// The output and status of a process.
struct Ended {
    shown: String,
    /// Whether it exited successfully.
    finished: bool,
}

impl Session {
    /// Sends all prompts that the session has no run for yet; injects a fault after the given number of
    /// output bytes.
    fn talk(&self, fault: Option<(u64, Injected<'_>)>) -> Result<Ended> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_chat"))
            .args(["--db", &self.place, "--session", self.id.as_str()])
            .args(["--durability", self.durability])
            .env("BURDOCK_PACE", "instant")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut stdin = child.stdin.take().ok_or("no pipe")?;
        let mut stdout = child.stdout.take().ok_or("no pipe")?;
        for prompt in &PROMPTS[self.run_count()?..] {
            writeln!(stdin, "{prompt}")?;
        }
        drop(stdin);
        let mut shown = Vec::new();
        if let Some((bytes, inject)) = fault {
            stdout.by_ref().take(bytes).read_to_end(&mut shown)?;
            inject(&mut child)?;
        }
        // output that the process wrote before it died was shown as well
        stdout.read_to_end(&mut shown)?;
        let status = child.wait()?;
        assert!(fault.is_some() || status.success(), "{status}");
        let finished = status.success();
        Ok(Ended { shown: String::from_utf8_lossy(&shown).into_owned(), finished })
    }

    /// Returns how many prompts the session has a run for.
    fn run_count(&self) -> Result<usize> {
        let entries = self.entries()?;
        let runs = entries.iter().filter(|(_, kind)| matches!(kind, EntryKind::RunStarted { .. }));
        Ok(runs.count())
    }

    fn entries(&self) -> Result<Vec<(u64, EntryKind)>> {
        let mut entries = Vec::new();
        loop {
            let from = Offset(entries.len() as u64);
            let page = match wait(self.log.read(&self.id, from, 1000)) {
                Err(LogError::NoSession { .. }) => return Ok(entries),
                page => page?,
            };
            if page.is_empty() {
                return Ok(entries);
            }
            for record in page {
                assert_eq!(record.offset, Offset(entries.len() as u64), "there is no gap");
                entries.push((record.epoch.0, record.entry(&self.id)?.kind));
            }
        }
    }

    /// Returns the final history.
    fn history(&self) -> Result<Value> {
        let next = wait(self.log.info(&self.id))?.next;
        let view = wait(RawSessionView::at(&self.log, &self.id, Offset(next.0 - 1)).boxed())?;
        Ok(view.snapshot.state["history"].clone())
    }

    /// Checks that all answers shown by the last process are in the log, in order.
    fn check_shown(&self, shown: &str) -> Result {
        let epoch = match wait(self.log.info(&self.id)) {
            Err(LogError::NoSession { .. }) => 0,
            info => info?.epoch.0,
        };
        let entries = self.entries()?;
        let items = entries.iter().filter_map(|(wrote, kind)| match kind {
            EntryKind::Item { item, .. } if *wrote == epoch => item["text"].as_str(),
            _ => None,
        });
        let recorded: String = items.collect::<String>().split_whitespace().collect();
        // the introduction of the model and of the session
        let answers = shown.splitn(3, '\n').nth(2).unwrap_or_default();
        let answers: String = answers.split_whitespace().collect();
        assert!(recorded.starts_with(&answers), "shown: {answers}\nrecorded: {recorded}");
        Ok(())
    }

    /// Checks that every step is committed once, in order.
    fn check_steps(&self) -> Result {
        let steps = self.entries()?.into_iter().filter_map(|(_, kind)| match kind {
            EntryKind::StepCommitted { step, .. } => Some(step),
            _ => None,
        });
        assert!(steps.zip(0..).all(|(step, at)| step == at), "each step is committed once");
        Ok(())
    }
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    Builder::new_current_thread().enable_all().build().unwrap().block_on(future)
}

/// Runs conversations until the process was killed `kills` times, and compares each with one that was not
/// interrupted.
fn survive(log: &Arc<dyn Log>, place: &str, durability: &'static str, kills: usize) -> Result {
    let session = |id: String| -> Result<Session> {
        let (place, log) = (place.to_owned(), Arc::clone(log));
        Ok(Session { place, durability, id: SessionId::new(id)?, log })
    };
    let undisturbed = session("undisturbed".into())?;
    undisturbed.talk(None)?;
    let expected = undisturbed.history()?;
    assert_eq!(expected.as_array().map(Vec::len), Some(2 * PROMPTS.len()));
    let mut dice = Dice(42);
    let mut killed = 0;
    for conversation in 0.. {
        if killed >= kills {
            break;
        }
        let session = session(format!("conversation {conversation}"))?;
        loop {
            let ended = session.talk(Some((dice.roll(1200), &|child| Ok(child.kill()?))))?;
            if durability == "item" {
                session.check_shown(&ended.shown)?;
            }
            killed += usize::from(!ended.finished);
            if ended.finished || session.run_count()? == PROMPTS.len() {
                break;
            }
        }
        session.talk(None)?;
        session.check_steps()?;
        assert_eq!(session.history()?, expected, "conversation {conversation}");
    }
    Ok(())
}

fn survive_in_a_file(durability: &'static str, kills: usize) -> Result {
    let folder = tempfile::tempdir()?;
    let place = folder.path().join("chat.db").to_string_lossy().into_owned();
    let log: Arc<dyn Log> = Arc::new(wait(SqliteLog::open(&place))?);
    survive(&log, &place, durability, kills)
}

#[test]
fn a_killed_chat_resumes_and_the_log_has_everything_it_showed() -> Result {
    survive_in_a_file("item", KILLS)
}

#[test]
fn a_chat_killed_under_commit_durability_ends_with_the_same_history() -> Result {
    survive_in_a_file("commit", KILLS / 2)
}
