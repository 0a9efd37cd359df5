//! The reference: a simple implementation of the graph, and of reading a log entry by entry.

use crate::graph::Ledger;
use burdock::{
    Position,
    graph::Next,
    log::{
        CallRecord, Entry, EntryKind, Epoch, FailureRecord, Offset, Record, SessionId, Snapshot,
    },
    state::Patch,
};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// The expected session after some entry.
#[derive(Clone, Debug, PartialEq)]
pub struct Book {
    pub state: Ledger,
    pub position: Position<String>,
    pub step: u64,
    pub run: u64,
    /// The node whose failure an error edge passed on.
    pub failure: Option<String>,
    pub unfinished: Option<Unfinished>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Unfinished {
    pub origin: String,
    pub origin_failure: Option<String>,
    pub text: String,
    pub shown: u64,
    /// The calls of the current step.
    pub calls: BTreeMap<String, CallRecord>,
}

/// Returns the state after the commit of a node.
pub fn commit(node: &str, state: &Ledger, text: &str, failure: Option<&str>) -> Ledger {
    let mut state = state.clone();
    let done = &mut state.done;
    match node {
        "take" => {
            done.push_back(format!("took {text}"));
            state.turns += 1;
        }
        "answer" => {
            if done.len() > 8 {
                done.truncate(3);
            }
            done.push_back("answered".into());
            state.reply = format!("reply {}", state.turns).into();
        }
        "judge" => done.push_back(format!("judged {}", state.reply.get().unwrap())),
        "rescue" => done.push_back(format!("rescued {}", failure.unwrap())),
        other => panic!("no node {other}"),
    }
    state
}

/// Returns the transition of a node.
pub fn next(node: &str, state: &Ledger) -> Next<String> {
    let even = state.turns.is_multiple_of(2);
    match node {
        "take" => Next::Node("answer".into()),
        "answer" => Next::Node("judge".into()),
        "judge" => match state.turns % 4 {
            0 => Next::End,
            1 => Next::Pause("take".into()),
            2 => Next::Node("take".into()),
            _ => Next::Pause("answer".into()),
        },
        _ if even => Next::Node("answer".into()),
        _ => Next::Pause("answer".into()),
    }
}

/// Returns the transition of a node's error edge.
pub fn on_error(node: &str, state: &Ledger) -> Option<Next<String>> {
    match node {
        "answer" if state.turns.is_multiple_of(2) => Some(Next::Node("rescue".into())),
        "answer" | "judge" => Some(Next::Pause("rescue".into())),
        "rescue" => Some(Next::End),
        _ => None,
    }
}

impl Book {
    /// A session before its first entry.
    pub fn first() -> Self {
        Self {
            state: Ledger::default(),
            position: Position::Rest("take".into()),
            step: 0,
            run: 0,
            failure: None,
            unfinished: None,
        }
    }

    pub fn go(&mut self, next: Next<String>) {
        self.position = match next {
            Next::Node(node) => Position::Unfinished(node),
            Next::Pause(node) => Position::Rest(node),
            Next::End => Position::Ended,
        };
        if !matches!(self.position, Position::Unfinished(_)) {
            self.unfinished = None;
        }
    }

    pub fn commit(&mut self, node: &str) {
        let text = self.unfinished.as_ref().map_or("", |run| &run.text);
        self.state = commit(node, &self.state, text, self.failure.as_deref());
        self.step += 1;
        self.failure = None;
        if let Some(run) = &mut self.unfinished {
            run.shown = 0;
            run.calls.clear();
        }
        self.go(next(node, &self.state));
    }

    pub fn fail(&mut self, node: &str) {
        let next = on_error(node, &self.state).unwrap();
        self.failure = Some(node.into());
        if let Some(run) = &mut self.unfinished {
            run.shown = 0;
            run.calls.clear();
        }
        self.go(next);
    }

    pub fn start(&mut self, node: &str, text: &str) {
        let mut shown = 0;
        if let Some(run) = self.unfinished.take() {
            self.failure = run.origin_failure;
            shown = run.shown;
        }
        self.run += 1;
        self.position = Position::Unfinished(node.into());
        self.unfinished = Some(Unfinished {
            origin: node.into(),
            origin_failure: self.failure.clone(),
            text: text.into(),
            shown,
            calls: BTreeMap::new(),
        });
    }

    fn of(snapshot: Snapshot) -> Self {
        let failure = |failure: FailureRecord| failure.node;
        Self {
            state: serde_json::from_value(Value::Object(snapshot.state)).unwrap(),
            position: snapshot.position,
            step: snapshot.step,
            run: snapshot.run,
            failure: snapshot.failure.map(failure),
            unfinished: snapshot.unfinished.map(|run| Unfinished {
                origin: run.origin,
                origin_failure: run.origin_failure.map(failure),
                text: run.inputs["text"].as_str().unwrap().into(),
                shown: run.shown,
                calls: run.calls,
            }),
        }
    }
}

/// A log, read from its first entry.
#[derive(Clone, Debug, Default)]
pub struct Reading {
    pub books: Vec<Book>,
    /// The items that are not superseded, with their offsets.
    pub items: Vec<(Offset, f64)>,
    /// The entry that started or resumed the current run.
    pub active: Option<Offset>,
    pub records: Vec<Record>,
    over: Option<EntryKind>,
}

macro_rules! must {
    ($holds:expr, $($message:tt)+) => {
        if !$holds {
            return Err(format!($($message)+));
        }
    };
}

impl Reading {
    /// Reads a log. Before each entry at `crashes`, a writer could not record how its run ended.
    pub fn of(
        session: &SessionId,
        records: Vec<Record>,
        crashes: &BTreeSet<Offset>,
    ) -> Result<Self, String> {
        let mut reading = Self::default();
        for record in records {
            let entry = record.entry(session).map_err(|error| error.to_string())?;
            let text = format!("{} {:?}", record.cursor(), entry.kind);
            reading.take(record, entry, crashes).map_err(|fault| format!("{fault}: {text}"))?;
        }
        must!(reading.over.is_none(), "the entry of a rest is missing");
        let died = |active: &Offset| crashes.range(active.plus(1)..).next().is_some();
        reading.active = reading.active.filter(|active| !died(active));
        Ok(reading)
    }

    pub fn last(&self) -> &Book {
        self.books.last().unwrap()
    }

    /// The session before the entry at an offset. At offset 0, the session after its first entry.
    pub fn before(&self, offset: Offset) -> Book {
        let last = usize::try_from(offset.0).unwrap().saturating_sub(1);
        self.books[last].clone()
    }

    fn take(
        &mut self,
        record: Record,
        entry: Entry,
        crashes: &BTreeSet<Offset>,
    ) -> Result<(), String> {
        must!(record.offset.0 == self.books.len() as u64, "a gap");
        let before = self.records.last().map_or(Epoch(0), |record| record.epoch);
        must!(record.epoch >= before, "the epoch decreases");
        let book = match (self.books.last(), entry.kind) {
            (None, EntryKind::SessionCreated { snapshot, .. }) => Book::of(*snapshot),
            (None, _) => return Err("the session was not created".into()),
            (Some(book), kind) => {
                let mut book = book.clone();
                self.apply(&mut book, &record, kind, crashes)?;
                book
            }
        };
        self.books.push(book);
        self.records.push(record);
        Ok(())
    }

    fn apply(
        &mut self,
        book: &mut Book,
        record: &Record,
        kind: EntryKind,
        crashes: &BTreeSet<Offset>,
    ) -> Result<(), String> {
        if let Some(over) = self.over.take() {
            must!(kind == over, "expected {over:?}");
            self.active = None;
            return Ok(());
        }
        let at = |book: &Book, node: &str| book.position == Position::Unfinished(node.to_owned());
        let is_start = matches!(kind, EntryKind::RunStarted { .. } | EntryKind::RunResumed { .. });
        let between =
            matches!(kind, EntryKind::Snapshot(_) | EntryKind::SessionReopened { .. }) || is_start;
        if let Some(active) = self.active {
            let died = crashes.range(active.plus(1)..=record.offset).next().is_some();
            must!(!is_start || died, "a run without an end");
            must!(!died || between, "a run continues after a crash");
        } else {
            must!(between, "outside of a run");
        }
        match kind {
            EntryKind::SessionCreated { .. } => return Err("a second `session_created`".into()),
            EntryKind::Snapshot(snapshot) => {
                let snapshot = Book::of(*snapshot);
                must!(snapshot == *book, "a snapshot that differs from {book:?}");
            }
            EntryKind::RunStarted { run, node, inputs, .. } => {
                must!(run == book.run + 1, "the number of the run");
                let origin = book.unfinished.as_ref().map(|run| &run.origin);
                let rest = Position::Rest(node.clone());
                must!(book.position == rest || origin == Some(&node), "another position");
                book.start(&node, inputs["text"].as_str().unwrap());
                self.active = Some(record.offset);
            }
            EntryKind::RunResumed { node, .. } => {
                must!(at(book, &node), "another position");
                self.active = Some(record.offset);
            }
            EntryKind::StepStarted { step, node, .. } => {
                must!(step == book.step && at(book, &node), "another step");
                must!(book.unfinished.as_ref().unwrap().shown == 0, "items are not superseded");
            }
            EntryKind::Item { step, node, item, .. } => {
                must!(step == book.step && at(book, &node), "another step");
                book.unfinished.as_mut().unwrap().shown += 1;
                self.items.push((record.offset, item.as_f64().unwrap()));
            }
            EntryKind::ItemsSuperseded { step, items, .. } => {
                let shown = &mut book.unfinished.as_mut().unwrap().shown;
                must!(step == book.step && items > 0 && items == *shown, "{shown} were shown");
                *shown = 0;
                self.items.truncate(self.items.len() - usize::try_from(items).unwrap());
            }
            kind @ (EntryKind::CallRecorded { .. }
            | EntryKind::ChildStarted { .. }
            | EntryKind::ChildEnded { .. }) => call(book, kind)?,
            EntryKind::AttemptFailed { step, failure, .. } => {
                must!(step == book.step && at(book, &failure.node), "another step");
                must!(book.unfinished.as_ref().unwrap().shown == 0, "items are not superseded");
            }
            EntryKind::StepFailed { step, failure, next, .. } => {
                must!(step == book.step && at(book, &failure.node), "another step");
                must!(book.unfinished.as_ref().unwrap().shown == 0, "items are not superseded");
                must!(next == on_error(&failure.node, &book.state), "another transition");
                if let Some(next) = next {
                    book.fail(&failure.node);
                    self.over = over(next);
                }
            }
            EntryKind::StepCommitted { step, node, patches, next, .. } => {
                must!(step == book.step && at(book, &node), "another step");
                let mut document = json!(book.state);
                for (field, patch) in patches {
                    change(&mut document[&field], patch);
                }
                book.commit(&node);
                must!(document == json!(book.state), "another state than {:?}", book.state);
                must!(next == self::next(&node, &book.state), "another transition");
                self.over = over(next);
            }
            EntryKind::RunHalted { node, .. }
            | EntryKind::RunStopped { node, .. }
            | EntryKind::RunFailed { node, .. }
            | EntryKind::RunCancelled { node, .. } => {
                must!(at(book, &node), "another position");
                self.active = None;
            }
            EntryKind::SessionReopened { node, .. } => {
                must!(book.position == Position::Ended, "the session had not ended");
                book.position = Position::Rest(node);
                book.failure = None;
            }
            EntryKind::RunPaused { .. } | EntryKind::RunEnded => {
                return Err("the session is not at rest before it".into());
            }
            other => return Err(format!("an unknown entry: {other:?}")),
        }
        Ok(())
    }
}

/// Applies an entry of a call or of a child.
fn call(book: &mut Book, kind: EntryKind) -> Result<(), String> {
    let position = book.position.clone();
    let here = |step: u64, node: String| {
        let is_here = step == book.step && position == Position::Unfinished(node);
        is_here.then_some(()).ok_or_else(|| "another step".to_owned())
    };
    let calls = &mut book.unfinished.as_mut().unwrap().calls;
    match kind {
        EntryKind::CallRecorded { step, node, key, kind, result, .. } => {
            here(step, node)?;
            let call = CallRecord::of(kind, result);
            must!(calls.insert(key, call).is_none(), "a call was made twice");
        }
        EntryKind::ChildStarted { step, node, key, graph, session, inputs, .. } => {
            here(step, node)?;
            let child = json!({ "graph": graph, "session": session, "inputs": inputs });
            let child = serde_json::from_value(json!({ "child": child })).unwrap();
            must!(calls.insert(key, child).is_none(), "a child was started twice");
        }
        EntryKind::ChildEnded { step, node, key, end, .. } => {
            here(step, node)?;
            match calls.get_mut(&key) {
                Some(CallRecord::Child(child)) if child.end.is_none() => child.end = Some(end),
                other => return Err(format!("the end of {other:?}")),
            }
        }
        other => return Err(format!("not a call: {other:?}")),
    }
    Ok(())
}

fn over(next: Next<String>) -> Option<EntryKind> {
    match next {
        Next::Node(_) => None,
        Next::Pause(node) => {
            Some(serde_json::from_value(json!({ "run_paused": { "node": node } })).unwrap())
        }
        Next::End => Some(EntryKind::RunEnded),
    }
}

fn change(field: &mut Value, patch: Patch) {
    match patch {
        Patch::Set(value) => *field = value,
        Patch::Append { keep, tail } => {
            let list = field.as_array_mut().unwrap();
            assert!(keep <= list.len());
            list.truncate(keep);
            list.extend(tail);
        }
        Patch::Entries { set, remove } => {
            let map = field.as_object_mut().unwrap();
            assert!(remove.iter().all(|key| map.remove(key).is_some()));
            map.extend(set);
        }
        _ => panic!("an unknown patch"),
    }
}
