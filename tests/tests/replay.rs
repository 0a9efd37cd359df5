//! Fixtures of recorded steps, and their replay.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    clippy::panic,
    clippy::unused_async,
    clippy::unnecessary_wraps,
    reason = "a test"
)]

use burdock::{
    ActionError, App, Context, Failure, Outcome, Retry,
    log::{CauseRecord, Document, EntryKind, History, Log, LogError, MemoryLog, Offset, SessionId},
    prelude::*,
    testing::{Conclusion, Difference, Fixture, FixtureError, LoadError, Part, Replay},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{collections::BTreeMap, future::pending, sync::Arc, time::Duration};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Talk {
    pub all_words: Vector<Word>,
    pub sum: f64,
    #[serde(rename = "lastKey")]
    pub key: Slot<String>,
    pub notes: BTreeMap<String, Option<u8>>,
    #[serde(skip)]
    pub forgotten: u32,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Word {
    pub text: String,
    pub weight: f64,
}

/// The behavior of an action, as an input, so that a replay repeats it.
#[derive(Clone, Serialize, Deserialize)]
pub enum Plan {
    Say(Vec<f64>),
    SayThenFail(f64, String),
    FailTerminally,
    FailOnce,
    Panic,
    Hang,
}

#[derive(Serialize)]
pub struct Shown {
    number: f64,
}

impl From<f64> for Shown {
    fn from(number: f64) -> Self {
        Self { number }
    }
}

#[streaming_action(state = Talk, reads(all_words, sum), writes(all_words, sum, key), yields(f64))]
async fn say(
    talk: Reads<'_>,
    #[input] plan: &Plan,
    #[input] prefix: Option<String>,
    #[context] cx: &Context,
    times: f64,
) -> Result<Writes> {
    let (mut all_words, mut sum) = (talk.all_words.clone(), *talk.sum);
    match plan {
        Plan::Say(numbers) => {
            for weight in numbers {
                sum += weight * times;
                let text = format!("{}{}", prefix.as_deref().unwrap_or("-"), cx.node());
                all_words.push_back(Word { text, weight: *weight });
                if yield_!(*weight).is_stop() {
                    break;
                }
            }
        }
        Plan::SayThenFail(number, text) => {
            yield_!(*number);
            return Err(ActionError::msg(text.clone()).context("outside"));
        }
        Plan::FailTerminally => return Err(ActionError::msg("no").terminal()),
        Plan::FailOnce if cx.node() == "first" && cx.attempt() == 1 => {
            return Err(ActionError::msg("not yet"));
        }
        Plan::FailOnce => {}
        Plan::Panic => panic!("at {}", cx.step()),
        Plan::Hang => pending().await,
    }
    Ok(Writes { all_words, sum, key: cx.key() })
}

#[action(state = Talk, reads(notes), writes(notes))]
async fn note(talk: Reads<'_>, #[input] prefix: String) -> Result<Writes> {
    let mut notes = talk.notes.clone();
    notes.insert(prefix, None);
    Ok(Writes { notes })
}

#[action(state = Talk, writes(key))]
async fn excuse(#[error] failure: &Failure) -> Result<Writes> {
    Ok(Writes { key: format!("{failure}, {}", failure.attempts()) })
}

graph! {
    pub Talking(Talk) {
        inputs { plan: Plan, prefix: Option<String> }
        yields Shown;
        nodes {
            #[retry(Retry::times(1).first(Duration::ZERO))]
            #[timeout(Duration::from_millis(20))]
            first: say { times: 1.0 },
            second: say { times: 0.1 },
            note,
            excuse,
        }
        start first;
        first -> if state.sum > 100.0 { note } else { second };
        on error first -> excuse;
        second | note | excuse -> pause;
    }
}

fn id() -> SessionId {
    SessionId::new("s").unwrap()
}

async fn open(log: &Arc<dyn Log>) -> App<Talking> {
    Talking::app().id("s").log(Arc::clone(log)).build().await.unwrap()
}

fn inputs(numbers: Vec<f64>) -> TalkingInputs {
    TalkingInputs { plan: Plan::Say(numbers), prefix: Some("x".into()) }
}

/// A log with a session of these runs.
async fn session(plans: impl IntoIterator<Item = Plan>) -> Arc<dyn Log> {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut app = open(&log).await;
    for plan in plans {
        let prefix = Some("x".to_owned());
        app.run(TalkingInputs { plan, prefix }).finish().await.unwrap();
    }
    app.close().await.unwrap();
    log
}

/// The kinds of all entries, by their offsets.
async fn kinds(log: &Arc<dyn Log>) -> Vec<EntryKind> {
    let records = log.read(&id(), Offset::ZERO, 100_000).await.unwrap();
    records.iter().map(|record| record.entry(&id()).unwrap().kind).collect()
}

/// The fixtures of all finished attempts.
async fn fixtures(log: &Arc<dyn Log>) -> Vec<Fixture> {
    let mut fixtures = Vec::new();
    for offset in 0..kinds(log).await.len() {
        match burdock::testing::fixture(log, &id(), Offset(offset as u64)).await {
            Ok(fixture) => fixtures.push(fixture),
            Err(FixtureError::NoAttempt { .. }) => {}
            Err(error) => panic!("{error}"),
        }
    }
    fixtures
}

fn load(fixture: &Fixture) -> Replay<Talking> {
    // through the JSON text, as in a generated test
    Fixture::from_json(&fixture.to_json()).unwrap().load().unwrap()
}

/// Replays an attempt like the generated test of its node.
async fn replay(fixture: &Fixture) -> Result<(), Difference> {
    let recorded = load(fixture);
    let TalkingInputs { plan, prefix } = recorded.inputs();
    let state = recorded.state();
    match &*fixture.node {
        "note" => recorded.compare(note::test(state).optional_input("prefix", prefix)).await,
        "excuse" => recorded.compare(excuse::test(state)).await,
        node => {
            let times = if node == "first" { 1.0 } else { 0.1 };
            let test = say::test(state).input("plan", plan).optional_input("prefix", prefix);
            recorded.compare(test.params(|params| params.times = Some(times))).await
        }
    }
}

fn name(fixture: &Fixture) -> String {
    let how = match fixture.conclusion {
        Conclusion::Committed { .. } => "",
        Conclusion::Failed { .. } => " failed",
    };
    format!("{} {} {}{how}", fixture.step, fixture.node, fixture.attempt)
}

#[tokio::test]
async fn a_fixture_has_the_inputs_and_the_result_of_its_attempt() {
    let log = session([Plan::Say(vec![0.5]), Plan::Say(vec![0.25])]).await;
    let fixture = fixtures(&log).await.remove(2);
    let word = |text: &str, weight: f64| json!({ "text": text, "weight": weight });
    assert_eq!(
        serde_json::to_value(&fixture).unwrap(),
        json!({
            "v": 2,
            "session": "s",
            "offset": fixture.offset,
            "graph": "Talking",
            "run": 2,
            "step": 2,
            "node": "first",
            "attempt": 1,
            "version": 1,
            "state": {
                "allWords": [word("xfirst", 0.5), word("xsecond", 0.5)],
                "sum": 0.55,
                "lastKey": "s/1/1/second",
                "notes": {},
            },
            "inputs": { "plan": { "Say": [0.25] }, "prefix": "x" },
            "items": [{ "number": 0.25 }],
            "conclusion": { "committed": {
                "patches": [
                    ["allWords", { "append": { "keep": 2, "tail": [word("xfirst", 0.25)] } }],
                    ["sum", { "set": 0.8 }],
                    ["lastKey", { "set": "s/2/2/first" }],
                ],
                "next": { "node": "second" },
            } },
        })
    );
}

#[tokio::test]
async fn replaying_any_attempt_gives_the_recorded_result() {
    let log = session([
        Plan::Say(vec![0.1, 1e-7, -0.0]),
        Plan::SayThenFail(7.0, "oh \u{202e}\"#".into()),
        Plan::FailTerminally,
        Plan::FailOnce,
        Plan::Panic,
        Plan::Hang,
        Plan::Say(vec![1e300]),
    ])
    .await;
    let fixtures = fixtures(&log).await;
    for fixture in &fixtures {
        replay(fixture).await.unwrap();
    }
    assert_eq!(
        fixtures.iter().map(name).collect::<Vec<_>>(),
        [
            "0 first 1",
            "1 second 1",
            "2 first 1 failed",
            "2 excuse 1",
            "3 first 1 failed",
            "3 excuse 1",
            "4 first 1 failed",
            "4 first 2",
            "5 second 1",
            "6 first 1 failed",
            "6 excuse 1",
            "7 first 1 failed",
            "7 first 2 failed",
            "7 excuse 1",
            "8 first 1",
            "9 note 1",
        ]
    );
}

#[tokio::test]
async fn a_replay_reports_all_differences_at_once() {
    let log = session([Plan::Say(vec![1.0, 2.0])]).await;
    let fixture = fixtures(&log).await.remove(0);
    let recorded = load(&fixture);
    let say = |numbers: Vec<f64>| {
        let test = say::test(recorded.state()).input("plan", Plan::Say(numbers));
        test.optional_input("prefix", None::<String>).params(|params| params.times = Some(2.0))
    };
    let difference = recorded.compare(say(vec![1.0, 3.0])).await.unwrap_err();
    assert_eq!(
        format!("{difference:?}"),
        r#"node `first` differs from step 0 of the session `s`
- item 1: recorded {"number":2.0}, now {"number":3.0}
- field `allWords[0].text`: recorded "xfirst", now "-first"
- field `sum`: recorded 3.0, now 8.0"#
    );
    let difference = recorded.compare(say(vec![1.0, 2.0, 3.0])).await.unwrap_err().to_string();
    let item = r#"- item 2: recorded nothing, now {"number":3.0}"#;
    let help = "help: if the run was stopped there, add `.stop_after(2)` to the test";
    assert!(difference.contains(item) && difference.ends_with(help), "{difference}");
    let difference = recorded.compare(say(vec![1.0])).await.unwrap_err().to_string();
    let item = r#"- item 1: recorded {"number":2.0}, now nothing"#;
    assert!(difference.contains(item) && !difference.contains("help"), "{difference}");
    let difference = recorded.compare(say(vec![f64::NAN])).await.unwrap_err().to_string();
    let text = "- item 0 cannot be compared: JSON has no number for NaN";
    assert!(difference.contains(text), "{difference}");
    assert!(difference.contains("- the state cannot be compared: "), "{difference}");
}

#[tokio::test]
async fn a_replay_with_another_conclusion_differs() {
    let log = session([Plan::Say(vec![]), Plan::FailTerminally]).await;
    let fixtures = fixtures(&log).await;
    let now = async |fixture: &Fixture, plan: Option<Plan>| {
        let recorded = load(fixture);
        let mut test = say::test(recorded.state()).params(|params| params.times = Some(1.0));
        test = test.optional_input("prefix", recorded.inputs().prefix);
        if let Some(plan) = plan {
            test = test.input("plan", plan);
        }
        recorded.compare(test).await.unwrap_err().parts.remove(0)
    };
    let lacking = "the action: recorded writes, now an error: the test of `say` sets no `plan` of the type that the action declares";
    let panic = Part::Failure { recorded: None, now: Some(CauseRecord::Panic("at 0".into())) };
    assert_eq!(now(&fixtures[0], None).await.to_string(), lacking);
    assert_eq!(now(&fixtures[0], Some(Plan::Panic)).await, panic);
    for (plan, text) in [
        (Plan::Say(vec![]), "now writes"),
        (Plan::FailOnce, "now an error: not yet"),
        (Plan::Panic, "now a panic: at 2"),
    ] {
        let text = format!("the action: recorded a terminal error: no, {text}");
        assert_eq!(now(&fixtures[2], Some(plan)).await.to_string(), text);
    }
}

#[tokio::test]
async fn items_superseded_after_a_crash_are_not_in_the_fixture() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut app = open(&log).await;
    let mut run = app.run(inputs(vec![1.0, 2.0]));
    run.next().await.unwrap().unwrap();
    // simulates the death of the process
    std::mem::forget(run);
    std::mem::forget(app);
    open(&log).await.resume().await.unwrap();
    let fixtures = fixtures(&log).await;
    assert_eq!(fixtures[0].items.len(), 2);
    assert_eq!(fixtures.len(), 2);
    for fixture in &fixtures {
        replay(fixture).await.unwrap();
    }
}

#[tokio::test]
async fn the_replay_of_a_stopped_step_is_stopped() {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let mut app = open(&log).await;
    let mut run = app.run(inputs(vec![1.0, 2.0, 3.0]));
    run.next().await.unwrap().unwrap();
    run.next().await.unwrap().unwrap();
    run.stopper().stop();
    let end = run.finish().await.unwrap();
    assert_eq!(end.outcome(), Outcome::Stopped(TalkingNode::second));
    let fixture = fixtures(&log).await.remove(0);
    assert!(fixture.stopped);
    assert_eq!(fixture.items.len(), 2);
    replay(&fixture).await.unwrap();
}

#[tokio::test]
async fn fixtures_of_a_trimmed_session_start_at_its_snapshot() {
    let log = session((0..40).map(|_| Plan::Say(vec![0.1; 50]))).await;
    let info = log.info(&id()).await.unwrap();
    let snapshot = info.snapshot.unwrap();
    log.trim(&id(), snapshot).await.unwrap();
    let error = burdock::testing::fixture(&log, &id(), Offset(snapshot.0 - 1)).await.unwrap_err();
    assert!(matches!(error, FixtureError::Log(LogError::Trimmed { .. })), "{error}");
    let mut history = History::of(&log, &id());
    let mut found = 0;
    while let Some(step) = history.next().await.unwrap() {
        replay(&burdock::testing::fixture(&log, &id(), step.offset).await.unwrap()).await.unwrap();
        found += 1;
    }
    assert!(found > 1, "{found}");
}

#[tokio::test]
async fn an_entry_that_does_not_end_an_attempt_is_rejected() {
    let log = session([Plan::Say(vec![])]).await;
    for (offset, text) in [
        (
            0,
            "the entry 0 is a `session_created`, which does not end an attempt: expected a `step_committed`, a `step_failed` or an `attempt_failed`",
        ),
        (99, "the session `s` has no entry 99 yet: its next offset is 7"),
    ] {
        let error = burdock::testing::fixture(&log, &id(), Offset(offset)).await.unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    let missing = SessionId::new("missing").unwrap();
    let error = burdock::testing::fixture(&log, &missing, Offset(1)).await.unwrap_err();
    assert_eq!(error.to_string(), "there is no session `missing`");
}

#[tokio::test]
async fn an_invalid_fixture_is_rejected_with_the_reason() {
    for (json, text) in [
        (
            r#"{"v":99}"#,
            "the fixture has format 99, and this program knows formats up to 2: update burdock to read it",
        ),
        ("{}", "invalid fixture: missing field `v` at line 1 column 2"),
        (r#"{"v":1}"#, "invalid fixture: missing field `session` at line 1 column 7"),
    ] {
        assert_eq!(Fixture::from_json(json).unwrap_err().to_string(), text);
    }
}

#[tokio::test]
async fn loading_a_fixture_that_does_not_fit_names_the_mismatch() {
    let log = session([Plan::Say(vec![0.5])]).await;
    let fixture = fixtures(&log).await.remove(0);
    let error = |change: fn(&mut Fixture)| {
        let mut changed = fixture.clone();
        change(&mut changed);
        changed.load::<Talking>().unwrap_err()
    };
    let inputs = error(|fixture| fixture.inputs = json!({ "plan": "Fly" }));
    assert!(matches!(inputs, LoadError::Inputs { .. }), "{inputs}");
    let state = error(|fixture| fixture.state["sum"] = json!("1"));
    assert!(state.to_string().contains("does not fit the state at `sum`"), "{state}");
    let node = error(|fixture| fixture.node = "gone".into());
    assert!(node.to_string().contains("`gone`"), "{node}");
    let patches = error(|fixture| fixture.state["allWords"] = json!({}));
    assert!(matches!(patches, LoadError::Patches { .. }), "{patches}");
}

/// A later version of [`Talk`].
#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[state(version = 2, migrate = [from_1])]
pub struct Notes {
    pub titles: Vector<String>,
}

fn from_1(mut talk: Document) -> Result<Document, &'static str> {
    let notes = talk.remove("notes").ok_or("it has no `notes`")?;
    let titles = notes.as_object().ok_or("they are not a map")?.keys().cloned().collect();
    Ok([("titles".to_owned(), titles)].into_iter().collect())
}

#[action(state = Notes, reads(titles), writes(titles))]
async fn title(notes: Reads<'_>, #[input] prefix: String) -> Result<Writes> {
    let mut titles = notes.titles.clone();
    titles.push_back(prefix);
    Ok(Writes { titles })
}

graph! {
    pub Titling(Notes) {
        inputs { prefix: String }
        nodes { note: title }
        start note;
        note -> pause;
    }
}

#[tokio::test]
async fn a_fixture_of_an_earlier_state_version_is_migrated() {
    let log = session([Plan::Say(vec![1000.0])]).await;
    let fixture = fixtures(&log).await.remove(1);
    assert_eq!((&*fixture.node, fixture.version), ("note", 1));
    let recorded = fixture.load::<Titling>().unwrap();
    let inputs = recorded.inputs();
    let test = title::test(recorded.state());
    recorded.compare(test.input("prefix", inputs.prefix)).await.unwrap();
    let difference =
        recorded.compare(title::test(recorded.state()).input("prefix", "y".to_owned()));
    let difference = difference.await.unwrap_err().to_string();
    assert!(difference.contains(r#"- field `titles[0]`: recorded "x", now "y""#), "{difference}");
}

#[tokio::test]
async fn numbers_are_restored_bit_for_bit() {
    // a number that serde_json reads inexactly without `float_roundtrip`
    let number = 0.198_440_042_788_562_86_f64;
    let log = session([Plan::Say(vec![number])]).await;
    let app = open(&log).await;
    assert_eq!(app.state().all_words[0].weight.to_bits(), number.to_bits());
    replay(&fixtures(&log).await[0]).await.unwrap();
}
