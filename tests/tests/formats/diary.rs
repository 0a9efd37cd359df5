//! The program that wrote the fixtures.

use burdock::{
    ActionError, App, Context, Failure, Position, Retry,
    log::{Log, MemoryLog, SessionId, descendants},
    prelude::*,
};
use burdock_tests::stalled::UntilStalled as _;
use burdock_tests::{
    clock::Clock,
    script::{Do, Script},
};
use serde::{Deserialize, Serialize};
use std::{collections::BTreeMap, future::pending, panic::panic_any, sync::Arc, time::Duration};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Diary {
    pub pages: Vector<String>,
    pub mood: f64,
    pub seals: BTreeMap<String, Option<u64>>,
    pub note: Slot<String>,
}

/// Follows the script, and writes a page.
#[streaming_action(state = Diary, reads(pages, mood), writes(pages, mood), yields(u32))]
async fn write(
    diary: Reads<'_>,
    #[input] title: &String,
    #[resource] script: &Script,
    #[context] cx: &Context,
) -> Result<Writes> {
    for act in script.next(cx.node()) {
        match act {
            Do::Yield(item) => {
                yield_!(item);
            }
            Do::Fail(text) => return Err(ActionError::msg("no ink").context(text)),
            Do::FailTerminally(text) => return Err(ActionError::msg(text).terminal()),
            Do::Panic(text) => panic_any(text),
            Do::AwaitStop => cx.stopped().await,
            Do::Hang => pending().await,
            Do::Sleep(duration) => cx.sleep(duration).await,
            Do::Call(key) => {
                cx.once(key, async { Ok::<_, ActionError>(key.len()) }).await?;
            }
            _ => {}
        }
    }
    let mut pages = diary.pages.clone();
    pages.push_back(format!("{title}: {}", cx.node()));
    Ok(Writes { pages, mood: diary.mood + 0.1 })
}

/// Tears the last page out.
#[action(state = Diary, reads(pages), writes(pages, note))]
async fn tear(diary: Reads<'_>) -> Result<Writes> {
    let mut pages = diary.pages.clone();
    let note = pages.pop_back().unwrap_or_default();
    Ok(Writes { pages, note })
}

/// Seals the current note.
#[action(state = Diary, reads(note, seals), writes(seals))]
async fn seal(diary: Reads<'_>, #[input] number: Option<u64>) -> Result<Writes> {
    let mut seals = diary.seals.clone();
    seals.insert(diary.note.clone(), number);
    Ok(Writes { seals })
}

/// Writes down the failure, unless the script makes it fail.
#[action(state = Diary, reads(pages), writes(pages))]
async fn regret(
    diary: Reads<'_>,
    #[resource] script: &Script,
    #[context] cx: &Context,
    #[error] failure: &Failure,
) -> Result<Writes> {
    if let Some(Do::FailTerminally(text)) = script.next(cx.node()).first() {
        return Err(ActionError::msg(*text).terminal());
    }
    let mut pages = diary.pages.clone();
    pages.push_back(format!("{failure}\n\"ü\u{1F600}\""));
    Ok(Writes { pages })
}

graph! {
    /// Writes, tears, seals.
    #[renamed_from("Later")]
    pub Keeping(Diary) {
        inputs { title: String, number: Option<u64> }
        resources { script: Script }
        yields u32;
        nodes {
            first: write,
            #[retry(Retry::times(1).first(Duration::from_secs(10)))]
            #[timeout(Duration::from_secs(1))]
            second: write,
            tear, seal, regret,
        }
        start first;
        first -> second;
        second -> tear;
        tear -> seal;
        seal -> if state.pages.len() < 6 { pause } else { end };
        regret -> pause;
        on error first -> pause regret;
        on error second | seal -> regret;
    }
}

graph! {
    /// A later version of it, with another error edge.
    #[renamed_from("Keeping")]
    pub Later(Diary) {
        inputs { title: String, number: Option<u64> }
        resources { script: Script }
        yields u32;
        nodes { first: write, second: write, tear, seal, regret }
        start first;
        first -> second;
        second -> tear;
        tear -> seal;
        seal -> pause;
        regret -> pause;
        on error first | second -> regret;
    }
}

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shelf {
    pub pages: usize,
}

/// Keeps two diaries, one after the other.
#[streaming_action(state = Shelf, writes(pages), yields(u32))]
async fn keep(#[graph] keeping: Sub<'_, Keeping>) -> Result<Writes> {
    let diaries = ["ada", "bob"].map(|name| (name, inputs(name)));
    let mut runs = keeping.each(diaries).at_most(1);
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { item, .. } = event? {
            yield_!(item);
        }
    }
    Ok(Writes { pages: runs.ends().map(|(_, end)| end.state().pages.len()).sum() })
}

graph! {
    /// A parent with children.
    pub Shelving(Shelf) {
        resources { script: Script }
        yields u32;
        nodes { keep }
        start keep;
        keep -> end;
    }
}

pub fn inputs(title: &str) -> KeepingInputs {
    KeepingInputs { title: title.into(), number: Some(u64::MAX) }
}

/// A clock that stands at the time when the fixtures were written.
pub fn clock() -> Clock {
    let clock = Clock::default();
    clock.set_wall(Duration::from_millis(1_767_225_600_123));
    clock
}

/// Opens a session of the first graph.
pub async fn open(log: impl Log, id: &str, script: Script, clock: &Clock) -> App<Keeping> {
    let app = Keeping::app().id(id).resources(KeepingResources { script });
    app.log(log).runtime(clock.clone()).build().await.unwrap()
}

/// Opens a session of the later graph.
pub async fn open_later(log: impl Log, id: &str, script: Script, clock: &Clock) -> App<Later> {
    let app = Later::app().id(id).resources(LaterResources { script });
    app.log(log).runtime(clock.clone()).build().await.unwrap()
}

/// The sessions of the fixtures.
pub const SESSIONS: [&str; 4] = ["diary", "fork", "slot", "unfinished"];

/// The files of a parent and of its first child, since format 2.
pub const TREE: [&str; 2] = ["shelf", "book"];

/// Writes a parent with children. Returns the session of each file.
pub async fn write_tree(log: &MemoryLog) -> [SessionId; 2] {
    let clock = clock();
    let script = Script::default()
        .on("first", [Do::Yield(1)])
        .on("second", [Do::Yield(2)])
        .on("first", [Do::Yield(3), Do::FailTerminally("no pen")])
        .on("regret", [Do::FailTerminally("no regrets")]);
    let app = Shelving::app().id("shelf").resources(ShelvingResources { script });
    let mut app = app.log(log.clone()).runtime(clock.clone()).build().await.unwrap();
    // the second child pauses with a failure
    app.run(ShelvingInputs {}).await.unwrap();
    app.close().await.unwrap();
    let shelf = SessionId::new("shelf").unwrap();
    let log: Arc<dyn Log> = Arc::new(log.clone());
    let children = descendants(&log, &shelf).await.unwrap();
    [shelf, children[0].id.clone()]
}

/// Writes all sessions of the fixtures.
pub async fn write_all(log: &MemoryLog) {
    let clock = clock();
    write_diary(log, &clock).await;
    write_slot(log, &clock).await;
    write_unfinished(log, &clock).await;
}

async fn write_diary(log: &MemoryLog, clock: &Clock) {
    let script = Script::default()
        .on("first", [Do::Yield(1), Do::Yield(2)])
        // a failure over a pause
        .on("first", [Do::Yield(3), Do::FailTerminally("the pen \"broke\"")])
        .on("first", [])
        // a timeout, then an error
        .on("second", [])
        .on("second", [Do::Sleep(Duration::from_secs(2))])
        .on("second", [Do::Fail("blot")])
        .on("first", [Do::Panic("spider")])
        .on("first", [Do::Yield(4), Do::AwaitStop])
        .on("second", [Do::Yield(5), Do::Hang]);
    let mut app = open(log.clone(), "diary", script, clock).await;
    app.run(inputs("monday")).await.unwrap();
    clock.advance(Duration::from_hours(24));
    app.run(inputs("tuesday")).await.unwrap();
    app.run(inputs("tuesday again")).await.unwrap();
    drive(clock, app.run(inputs("wednesday")).into_future()).unwrap();
    app.run(inputs("thursday")).await.unwrap();
    app.run(inputs("thursday again")).await.unwrap();
    let mut run = app.run(inputs("friday"));
    run.next().await.unwrap().unwrap();
    run.stopper().stop();
    run.await.unwrap();
    let mut run = app.resume();
    run.next().await.unwrap().unwrap();
    drop(run);
    let halted = app.restart(inputs("friday again")).halt_before(KeepingNode::second);
    halted.await.unwrap();
    app.resume().await.unwrap();
    assert_eq!(app.position(), Position::Ended);
    app.reopen().unwrap();
    let mut history = app.history().unwrap();
    history.next().await.unwrap();
    let second = history.next().await.unwrap().unwrap();
    app.fork(second.offset, "fork").await.unwrap().close().await.unwrap();
    app.close().await.unwrap();
}

/// A session whose state was created without a note.
async fn write_slot(log: &MemoryLog, clock: &Clock) {
    let script = Script::default().on("regret", [Do::FailTerminally("no regrets")]);
    let app = Keeping::app().id("slot").resources(KeepingResources { script });
    let app = app.at(Position::Rest(KeepingNode::seal)).log(log.clone());
    let mut app = app.runtime(clock.clone()).build().await.unwrap();
    app.run(KeepingInputs { title: "sunday".into(), number: None }).await.unwrap_err();
    app.close().await.unwrap();
}

/// A process dies in a run; an earlier one failed and was read by another graph.
async fn write_unfinished(log: &MemoryLog, clock: &Clock) {
    let script = Script::default()
        .on("first", [Do::FailTerminally("no pen")])
        .on("regret", [Do::FailTerminally("no regrets")]);
    let mut app = open(log.clone(), "unfinished", script, clock).await;
    app.run(inputs("one")).await.unwrap();
    // a run that starts with the failure of the run before it
    app.run(inputs("two")).await.unwrap_err();
    app.close().await.unwrap();
    open_later(log.clone(), "unfinished", Script::default(), clock).await.close().await.unwrap();
    let script =
        Script::default().on("second", [Do::Call("ink"), Do::Yield(8), Do::Yield(9), Do::Hang]);
    let mut app = open(log.clone(), "unfinished", script, clock).await;
    app.resume().await.unwrap();
    let mut run = app.run(inputs("three"));
    run.next().await.unwrap().unwrap();
    run.next().await.unwrap().unwrap();
    // simulates the death of the process
    std::mem::forget(run);
    std::mem::forget(app);
}

/// Polls a future, and advances the clock by a second whenever it is stalled.
fn drive<F: Future>(clock: &Clock, future: F) -> F::Output {
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().until_stalled() {
            Some(output) => return output,
            None => clock.advance(Duration::from_secs(1)),
        }
    }
}
