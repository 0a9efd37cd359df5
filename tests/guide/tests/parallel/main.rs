//! The parallel behaviours of Burr as programs of burdock, as they are in docs/coming-from-burr.md.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, reason = "a test")]

pub mod actions;
pub mod both;
pub mod nested;
pub mod recursive;
pub mod states;

use burdock::log::MemoryLog;
use burdock_guide::prints;
use std::{fmt::Write, fs, path::Path};

/// The programs, with the lines of the Burr programs in its documentation, at the commit that the page names.
const PROGRAMS: [(&str, &str); 5] = [
    ("states", "37 (MapStates, with the application)"),
    ("actions", "37 (MapActions, with the application)"),
    ("both", "38 (MapActionsAndStates, without the application)"),
    ("nested", "38 (one level, without `reduce` and the application)"),
    ("recursive", "21 (an outline with `...`)"),
];

fn listing(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/parallel/{name}.rs"));
    fs::read_to_string(path).unwrap()
}

/// Counts the lines that are neither empty nor a comment.
fn lines(text: &str) -> usize {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim().starts_with("//");
    text.lines().filter(is_code).count()
}

#[test]
fn the_programs_and_their_lines_are_up_to_date() {
    let mut table = String::new();
    for (name, burr) in PROGRAMS {
        let text = listing(name);
        writeln!(table, "{name:<10} burdock {:>3}   Burr {burr}", lines(&text)).unwrap();
        prints("coming-from-burr.md", name, &text);
    }
    prints("coming-from-burr.md", "lines", &table);
}

fn texts<const N: usize>(texts: [&str; N]) -> Vec<String> {
    texts.map(str::to_owned).to_vec()
}

#[tokio::test]
async fn states_are_mapped_over_an_action() {
    let state = states::Prompts { prompts: texts(["why", "how"]), ..states::Prompts::default() };
    let mut app =
        states::QueryingAll::app().state(state).log(MemoryLog::new()).build().await.unwrap();
    let mut run = app.run(states::QueryingAllInputs {});
    let mut keys = Vec::new();
    while let Some(item) = run.next().await {
        keys.push(item.unwrap().0);
    }
    // the children take turns
    assert_ne!(keys[0], keys[1]);
    assert_eq!(keys[..2], keys[2..]);
    assert_eq!(run.finish().await.unwrap().state().outputs, ["gpt-4: why", "gpt-4: how"]);
}

#[tokio::test]
async fn actions_are_mapped_over_a_state() {
    let state = actions::Answers { prompt: "why".into(), ..actions::Answers::default() };
    let mut app = actions::AskingBoth::app().state(state).build().await.unwrap();
    let mut run = app.run(actions::AskingBothInputs {});
    let mut words = Vec::new();
    while let Some(word) = run.next().await {
        words.push(word.unwrap());
    }
    words.sort();
    assert_eq!(words, ["fast: ", "large: ", "small: ", "why", "why", "why"]);
    assert_eq!(run.finish().await.unwrap().state().answers, ["fast: why", "large: why"]);
}

#[tokio::test]
async fn states_and_actions_are_combined() {
    let (models, prompts) = (texts(["gpt-4", "o1"]), texts(["why", "how"]));
    let state = both::Trial { models, prompts, ..both::Trial::default() };
    let mut app = both::Trying::app().state(state).build().await.unwrap();
    let end = app.run(both::TryingInputs {}).await.unwrap();
    let outputs: Vec<_> = end.state().outputs.iter().map(|(_, output)| &**output).collect();
    assert_eq!(outputs, ["gpt-4: why", "gpt-4: how", "o1: why", "o1: how"]);
}

#[tokio::test]
async fn children_have_children() {
    let chapters = vec![texts(["tides", "moons"]), texts(["winds"])];
    let state = nested::Book { chapters, ..nested::Book::default() };
    let mut app =
        nested::WriteBook::app().state(state).log(MemoryLog::new()).build().await.unwrap();
    let mut run = app.run(nested::WriteBookInputs {});
    let mut words = [0, 0];
    while let Some(item) = run.next().await {
        words[item.unwrap().0] += 1;
    }
    assert_eq!(words, [4, 2]);
    let texts = &run.finish().await.unwrap().state().texts.clone();
    assert_eq!(*texts, [vec!["gpt-4: On tides", "gpt-4: On moons"], vec!["gpt-4: On winds"]]);
}

#[tokio::test]
async fn a_graph_is_its_own_child() {
    let mut app = recursive::Adding::app().log(MemoryLog::new()).build().await.unwrap();
    let mut run = app.run(recursive::AddingInputs { n: 7 });
    let mut sum = 0;
    while let Some(leaf) = run.next().await {
        sum += leaf.unwrap();
    }
    assert_eq!((sum, run.finish().await.unwrap().state().value), (13, 13));
}
