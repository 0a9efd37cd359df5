//! Kills the research at random moments, and starts it again until it has ended.
//!
//! `RESEARCH_KILLS=200 cargo test -p research --features server-tests --test crash` kills it more often, and on both logs.
#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

#[cfg(feature = "server-tests")]
mod postgres;

use burdock::log::{EntryKind, Log, LogError, Offset, RawSessionView, SessionId, descendants};
use burdock_sqlite::SqliteLog;
use std::{
    collections::BTreeMap,
    env, fs,
    io::Read,
    path::{Path, PathBuf},
    process::{Command, Stdio},
    sync::Arc,
};
use tempfile::TempDir;
use tokio::runtime::Builder;

const QUESTIONS: [&str; 4] =
    ["What is a monad?", "What is backpressure?", "What is ownership?", "What is a stream?"];

/// The text that is searched: each of its paragraphs has a word of each question.
const TEXT: &str = "Monad, backpressure, ownership, stream.\n\nStream and ownership, backpressure and monad.\n\n\
    Ownership of a stream; the backpressure of a monad.";

/// The number of kills, over as many sessions as needed.
fn kills() -> usize {
    env::var("RESEARCH_KILLS").map_or(40, |kills| kills.parse().unwrap())
}

/// Knuth's linear congruential generator.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % sides
    }
}

/// A session, its log, the folder that is searched, and the file with a line for each access to it.
struct Session {
    place: String,
    id: SessionId,
    log: Arc<dyn Log>,
    library: PathBuf,
    accesses: PathBuf,
}

/// The part of a question that a session has committed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Committed {
    /// The number of steps of the child.
    steps: usize,
    /// Whether the log of the parent has its end.
    has_ended: bool,
}

/// The accesses for a question, by the file outside of the log.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Done {
    searches: usize,
    reads: usize,
}

impl Session {
    /// Starts the program, always with the same arguments, and kills it after this many bytes of output. Returns the size of
    /// its output; `None` if it was killed.
    fn start(&self, kill_after: Option<u64>) -> Option<u64> {
        let mut child = Command::new(env!("CARGO_BIN_EXE_research"))
            .args(["--log", &self.place, "--session", self.id.as_str(), "--at-most", "2"])
            .args([Path::new("--accesses"), &self.accesses])
            .args([Path::new("--library"), &self.library])
            .args(QUESTIONS)
            .env("BURDOCK_PACE", "instant")
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = child.stdout.take().unwrap();
        let mut shown = Vec::new();
        if let Some(bytes) = kill_after {
            stdout.by_ref().take(bytes).read_to_end(&mut shown).unwrap();
            child.kill().unwrap();
        }
        stdout.read_to_end(&mut shown).unwrap();
        let status = child.wait().unwrap();
        assert!(kill_after.is_some() || status.success(), "{status}");
        status.success().then_some(shown.len() as u64)
    }

    async fn entries(&self, session: &SessionId) -> Vec<EntryKind> {
        match self.log.read(session, Offset(0), 100_000).await {
            Err(LogError::NoSession { .. }) => Vec::new(),
            page => page.unwrap().iter().map(|at| at.entry(session).unwrap().kind).collect(),
        }
    }

    /// Returns what is committed of each question, by its index.
    async fn committed(&self) -> BTreeMap<usize, Committed> {
        let mut found: BTreeMap<usize, Committed> = BTreeMap::new();
        if self.entries(&self.id).await.is_empty() {
            return found;
        }
        for child in descendants(&self.log, &self.id).await.unwrap() {
            let entries = self.entries(&child.id).await;
            let Some(EntryKind::SessionCreated { child_of: Some(of), .. }) = entries.first() else {
                continue;
            };
            let index = of.key.strip_prefix("research/").unwrap().parse().unwrap();
            let is_commit = |kind: &&EntryKind| matches!(kind, EntryKind::StepCommitted { .. });
            let steps = entries.iter().filter(is_commit).count();
            let earlier = found.insert(index, Committed { steps, has_ended: false });
            assert_eq!(earlier, None, "question {index} has one child");
        }
        for kind in self.entries(&self.id).await {
            if let EntryKind::ChildEnded { key, .. } = kind {
                let index = key.strip_prefix("research/").unwrap().parse().unwrap();
                let ended = &mut found.entry(index).or_default().has_ended;
                assert!(!*ended, "question {index} ends once");
                *ended = true;
            }
        }
        found
    }

    fn done(&self) -> [Done; QUESTIONS.len()] {
        let lines = fs::read_to_string(&self.accesses).unwrap_or_default();
        QUESTIONS.map(|question| {
            let count = |kind: &str| {
                lines.lines().filter(|line| *line == format!("{kind} {question}")).count()
            };
            Done { searches: count("search"), reads: count("read") }
        })
    }

    async fn text(&self) -> String {
        let view = RawSessionView::latest(&self.log, &self.id).await.unwrap();
        view.snapshot.state["text"].as_str().unwrap().to_owned()
    }
}

/// Checks that nothing that was committed `before` a start has been done again `after` it.
fn check_done(before: &BTreeMap<usize, Committed>, was: &[Done], after: &[Done], case: &str) {
    for (index, committed) in before {
        let (was, is) = (was[*index], after[*index]);
        if committed.steps >= 1 {
            assert_eq!(was.searches, is.searches, "{case}: question {index} is not searched again");
        }
        if committed.steps >= 2 || committed.has_ended {
            assert_eq!(was, is, "{case}: question {index} is not read again");
        }
    }
}

/// The states in which kills have left sessions.
#[derive(Debug, Default)]
struct Hits {
    kills: usize,
    /// Kills after which a child had ended and another one had not.
    between: usize,
    /// Kills after which a child had committed some of its steps.
    within: usize,
}

impl Hits {
    fn count(&mut self, committed: &BTreeMap<usize, Committed>) {
        self.kills += 1;
        let ended = committed.values().filter(|question| question.has_ended).count();
        self.between += usize::from((1..QUESTIONS.len()).contains(&ended));
        let is_within = |question: &Committed| (1..3).contains(&question.steps);
        self.within += usize::from(committed.values().any(is_within));
    }
}

/// Runs sessions until the program was killed `kills` times, and compares each with one that was not interrupted.
async fn survive(log: &Arc<dyn Log>, place: &str, kills: usize) {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.md"), TEXT).unwrap();
    let session = |id: &str| Session {
        place: place.to_owned(),
        id: SessionId::new(id).unwrap(),
        log: Arc::clone(log),
        library: folder.path().to_owned(),
        accesses: folder.path().join(id),
    };
    let undisturbed = session("undisturbed");
    let size = undisturbed.start(None).unwrap();
    let expected = undisturbed.text().await;
    let once = undisturbed.done();
    assert!(once.iter().all(|done| *done == Done { searches: 1, reads: 3 }), "{once:?}");
    let (mut dice, mut hits) = (Dice(23), Hits::default());
    for number in 0.. {
        if hits.kills >= kills {
            break;
        }
        let session = session(&format!("killed-{number}"));
        for start in 0.. {
            let (before, was) = (session.committed().await, session.done());
            // an output that has the progress of ended questions again is longer
            let ended = session.start(Some(dice.roll(size + size / 2)));
            check_done(&before, &was, &session.done(), &format!("session {number}, start {start}"));
            if ended.is_some() {
                break;
            }
            hits.count(&session.committed().await);
        }
        assert_eq!(session.text().await, expected, "session {number}");
        let questions = session.committed().await;
        let whole = Committed { steps: 3, has_ended: true };
        assert!(questions.len() == 4 && questions.values().all(|question| *question == whole));
    }
    eprintln!("{hits:?}");
    assert!(hits.between > kills / 10 && hits.within > kills / 10, "{hits:?}");
}

#[test]
fn a_killed_research_continues_and_repeats_no_committed_step() {
    let folder = TempDir::new().unwrap();
    let place = folder.path().join("research.db").to_string_lossy().into_owned();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let log: Arc<dyn Log> = Arc::new(SqliteLog::open(&place).await.unwrap());
        survive(&log, &place, kills()).await;
    });
}
