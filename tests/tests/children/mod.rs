//! Graphs that an action runs as children.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

mod crashes;
mod edges;
mod faults;
mod misuse;
mod reads;
mod stops;
mod trees;

use burdock::{
    App, Position, Retry,
    log::{EntryKind, Log, MemoryLog, Offset, SessionId},
    prelude::*,
};
use serde::{Deserialize, Serialize};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

/// Counts effects by their names, and fails those that a test names.
#[derive(Clone, Debug, Default)]
pub struct World {
    effects: Arc<Mutex<BTreeMap<String, usize>>>,
    failures: Arc<Mutex<BTreeMap<String, usize>>>,
}

impl World {
    fn effect(&self, name: impl Into<String>) {
        *self.effects.lock().unwrap().entry(name.into()).or_default() += 1;
    }

    fn count(&self, name: &str) -> usize {
        self.effects.lock().unwrap().get(name).copied().unwrap_or_default()
    }

    /// Makes the next `times` effects of this name fail.
    fn fail(&self, name: &str, times: usize) {
        self.failures.lock().unwrap().insert(name.to_owned(), times);
    }

    fn may_fail(&self, name: &str) -> Result<()> {
        match self.failures.lock().unwrap().get_mut(name) {
            Some(left) if *left > 0 => {
                *left -= 1;
                Err(burdock::ActionError::msg(format!("{name} fails")))
            }
            _ => Ok(()),
        }
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    sources: Vec<String>,
    summary: String,
}

/// Finds two sources.
#[streaming_action(state = Finding, writes(sources), yields(String))]
async fn search(#[input] question: &String, #[resource] world: &World) -> Result<Writes> {
    world.effect(format!("search {question}"));
    let mut sources = Vec::new();
    for number in 1..=2 {
        tokio::task::yield_now().await;
        yield_!(format!("{question}: source {number}"));
        sources.push(format!("{question} {number}"));
    }
    world.may_fail(&format!("search {question}"))?;
    Ok(Writes { sources })
}

/// Sums the sources up.
#[streaming_action(state = Finding, reads(sources), writes(summary), yields(String))]
async fn sum_up(
    finding: Reads<'_>,
    #[input] question: &String,
    #[resource] world: &World,
) -> Result<Writes> {
    world.effect(format!("sum up {question}"));
    yield_!(format!("{question}: summary"));
    world.may_fail(&format!("sum up {question}"))?;
    Ok(Writes { summary: format!("{question} has {} sources", finding.sources.len()) })
}

graph! {
    pub Research(Finding) {
        inputs { question: String }
        resources { world: World }
        yields String;
        nodes { search, sum_up }
        start search;
        search -> sum_up;
        sum_up -> end;
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Report {
    questions: Vec<String>,
    findings: Vec<String>,
    text: String,
}

#[action(state = Report, writes(questions))]
async fn plan(#[input] questions: Vec<String>) -> Result<Writes> {
    Ok(Writes { questions })
}

#[streaming_action(state = Report, reads(questions), writes(findings), yields(String))]
async fn investigate(
    report: Reads<'_>,
    #[input] at_most: usize,
    #[graph] research: Sub<'_, Research>,
) -> Result<Writes> {
    let start =
        |question: &String| (question.clone(), ResearchInputs { question: question.clone() });
    let mut runs = research.each(report.questions.iter().map(start)).at_most(at_most);
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { key, item, .. } = event? {
            assert!(item.starts_with(&*key));
            yield_!(item);
        }
    }
    Ok(Writes { findings: runs.into_ends().map(|(_, end)| end.into_state().summary).collect() })
}

#[action(state = Report, reads(findings), writes(text))]
async fn write(report: Reads<'_>, #[resource] world: &World) -> Result<Writes> {
    world.effect("write");
    Ok(Writes { text: report.findings.join("; ") })
}

graph! {
    pub Reporting(Report) {
        inputs { questions: Vec<String>, at_most: usize }
        resources { world: World }
        yields String;
        nodes {
            plan,
            #[retry(Retry::times(9).first(std::time::Duration::ZERO).superseding())]
            investigate,
            write,
        }
        start plan;
        plan -> investigate;
        investigate -> write;
        write -> end;
    }
}

const QUESTIONS: [&str; 3] = ["tides", "moons", "winds"];
const TEXT: &str = "tides has 2 sources; moons has 2 sources; winds has 2 sources";

fn inputs(at_most: usize) -> ReportingInputs {
    ReportingInputs { questions: QUESTIONS.map(String::from).to_vec(), at_most }
}

fn memory() -> Arc<dyn Log> {
    Arc::new(MemoryLog::new())
}

fn ada() -> SessionId {
    SessionId::new("ada").unwrap()
}

async fn open(world: &World, log: Option<&Arc<dyn Log>>) -> App<Reporting> {
    let app = Reporting::app().resources(ReportingResources { world: world.clone() }).id("ada");
    match log {
        Some(log) => app.log(Arc::clone(log)).build().await.unwrap(),
        None => app.build().await.unwrap(),
    }
}

async fn entries(log: &Arc<dyn Log>, session: &SessionId) -> Vec<EntryKind> {
    let records = log.read(session, Offset(0), 10_000).await.unwrap();
    records.iter().map(|record| record.entry(session).unwrap().kind).collect()
}

/// Returns the items that count in a session.
async fn shown(log: &Arc<dyn Log>, session: &SessionId) -> Vec<String> {
    let (mut shown, mut step) = (Vec::new(), Vec::new());
    for kind in entries(log, session).await {
        match kind {
            EntryKind::Item { item, .. } => step.push(item.as_str().unwrap().to_owned()),
            EntryKind::ItemsSuperseded { items, .. } => {
                assert_eq!(items, step.len() as u64);
                step.clear();
            }
            EntryKind::StepCommitted { .. } => shown.append(&mut step),
            _ => {}
        }
    }
    shown.append(&mut step);
    shown.sort();
    shown
}

fn all_items() -> Vec<String> {
    let items =
        |question| ["source 1", "source 2", "summary"].map(|item| format!("{question}: {item}"));
    let mut items: Vec<_> = QUESTIONS.iter().flat_map(items).collect();
    items.sort();
    items
}

#[tokio::test]
async fn children_run_with_and_without_a_log_one_or_several_at_a_time() {
    for log in [None, Some(memory())] {
        for at_most in [1, 2, 16] {
            let log = log.as_ref().map(|_| memory());
            let world = World::default();
            let mut app = open(&world, log.as_ref()).await;
            let mut run = app.run(inputs(at_most));
            let mut items = Vec::new();
            while let Some(item) = run.next().await {
                items.push(item.unwrap());
            }
            assert_eq!(run.finish().await.unwrap().state().text, TEXT);
            if at_most == 1 {
                assert_eq!(items[..3], ["tides: source 1", "tides: source 2", "tides: summary"]);
            }
            items.sort();
            assert_eq!(items, all_items());
            assert_eq!(world.count("search tides"), 1);
        }
    }
}

#[tokio::test]
async fn children_that_run_at_the_same_time_take_turns() {
    let world = World::default();
    let mut app = open(&world, None).await;
    let mut run = app.run(inputs(3));
    let mut first = Vec::new();
    for _ in 0..3 {
        first.push(run.next().await.unwrap().unwrap());
    }
    first.sort();
    assert_eq!(first, ["moons: source 1", "tides: source 1", "winds: source 1"]);
}

#[tokio::test]
async fn the_log_of_a_parent_has_the_starts_and_ends_of_its_children() {
    let (world, log) = (World::default(), memory());
    let mut app = open(&world, Some(&log)).await;
    app.run(inputs(2)).await.unwrap();
    let entries = entries(&log, &ada()).await;
    let started = entries.iter().filter_map(|kind| match kind {
        EntryKind::ChildStarted { key, graph, session, .. } => Some((key, graph, session)),
        _ => None,
    });
    let started: Vec<_> = started.collect();
    let keys: Vec<_> = started.iter().map(|(key, graph, _)| format!("{graph} {key}")).collect();
    assert_eq!(
        keys,
        ["Research research/tides", "Research research/moons", "Research research/winds"]
    );
    let ended = entries.iter().filter_map(|kind| match kind {
        EntryKind::ChildEnded { end, .. } => Some(end.state["summary"].clone()),
        _ => None,
    });
    assert_eq!(ended.count(), 3);
    // each child is a session of its own, which names its parent
    for (key, _, session) in started {
        let of = match &self::entries(&log, session).await[0] {
            EntryKind::SessionCreated { child_of: Some(of), .. } => of.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!((of.session, of.step, &*of.node, &of.key), (ada(), 1, "investigate", key));
        assert_eq!(shown(&log, session).await.len(), 3);
    }
}

/// Runs or resumes an app until it has ended.
async fn continue_to_end(app: &mut App<Reporting>) {
    match app.position() {
        Position::Unfinished(_) => {
            app.resume().await.unwrap();
        }
        Position::Rest(_) => {
            app.run(inputs(2)).await.unwrap();
        }
        Position::Ended => {}
    }
}
