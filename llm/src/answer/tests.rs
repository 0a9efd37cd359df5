//! What every adapter keeps (order, text, last item), and what each of them is for.

use super::{Answer, Item, Progress};
use crate::{
    Chunk, End, Model, ModelError, Reason, Request, Script, Scripted, ToolCall, Usage,
    scripted::Fault, traced::Trace,
};
use burdock::{
    event::Spans,
    log::{EntryKind, Log, MemoryLog, Offset, SessionId},
    prelude::{Slot, State, action, graph},
    state::Patch,
};
use futures::{FutureExt, StreamExt, TryStreamExt, channel::oneshot, stream};
use serde::{Deserialize, Serialize};
use std::{
    pin::pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};
use tokio::time::Instant;
use tracing::{Instrument, field::Empty};

const TICK: Duration = Duration::from_millis(10);

type Result<T = ()> = std::result::Result<T, ModelError>;
type StdResult = std::result::Result<(), Box<dyn std::error::Error>>;
type Adapter = fn(Answer) -> Answer;

fn ask(script: &Script) -> Answer {
    Scripted::new([script.clone()]).chat(Request::prompt("?"))
}

#[expect(clippy::unnecessary_wraps, reason = "it is compared with items")]
fn delta(text: &str) -> Item {
    Ok(Chunk::Delta(text.to_owned()))
}

fn ended(reason: Reason) -> impl Fn(&Item) -> bool {
    move |item| matches!(item, Ok(Chunk::End(end)) if end.reason == reason)
}

/// Adapters, set so that they have nothing to object to.
const ADAPTERS: &[(&str, Adapter)] = &[
    ("coalesce", |answer| answer.coalesce(8, 3 * TICK)),
    ("coalesce nothing", |answer| answer.coalesce(0, TICK)),
    ("coalesce all", |answer| answer.coalesce(usize::MAX, Duration::MAX)),
    ("rate limit", |answer| answer.rate_limit(3 * TICK)),
    ("idle timeout", |answer| answer.idle_timeout(100 * TICK)),
    ("progress", |answer| answer.on_progress(|_| ())),
    ("at most", |answer| answer.at_most(1 << 20)),
    ("until", |answer| answer.until(std::future::pending())),
    ("recorded", Answer::recorded),
    ("all", |answer| {
        let answer = answer.idle_timeout(100 * TICK).coalesce(5, TICK).rate_limit(TICK);
        answer.at_most(1 << 20).until(std::future::pending()).recorded()
    }),
];

/// What an answer is, however its text is cut into pieces; nothing comes behind the last item.
async fn essence(answer: Answer) -> Vec<Item> {
    let mut answer = answer;
    let mut items: Vec<Item> = Vec::new();
    let mut over = false;
    while let Some(item) = answer.next().await {
        assert!(!over, "{item:?} comes behind the last item");
        over = matches!(item, Ok(Chunk::End(_)) | Err(_));
        match (items.last_mut(), item) {
            (Some(Ok(Chunk::Delta(text))), Ok(Chunk::Delta(more))) => text.push_str(&more),
            (_, item) => items.push(item),
        }
    }
    assert!(answer.next().await.is_none(), "it stays at its end");
    items
}

#[tokio::test(start_paused = true)]
async fn adapters_keep_the_order_all_text_and_the_last_item() {
    let _watching = Trace::default().watch();
    let call = |id: &str| ToolCall { id: id.into(), name: "add".into(), arguments: [1, 2].into() };
    let words = |script: Script| {
        "der Fluß — und all das"
            .split_inclusive(' ')
            .enumerate()
            .fold(script, |script, (i, word)| {
                script.say(word).wait(TICK * u32::try_from(i % 3).unwrap_or(0))
            })
    };
    let scripts = [
        Script::new(),
        Script::new().wait(TICK).say("one"),
        words(Script::new()),
        words(words(Script::new()).call(call("1")).call(call("2"))).wait(TICK).call(call("3")),
        words(Script::new())
            .end(Reason::Limit, Usage { input_tokens: Some(7), ..Usage::default() }),
        words(Script::new()).cut(),
        words(Script::new()).fault(Fault::GaveUp { reason: "tired".into() }),
        Script::new().refuse(500),
    ];
    for script in &scripts {
        let expected = essence(ask(script)).await;
        for (name, adapter) in ADAPTERS {
            assert_eq!(essence(adapter(ask(script))).await, expected, "{name}: {script:?}");
        }
        let (deltas, said) = ask(script).transcribe();
        let shown: String = deltas.filter_map(async |delta| delta.ok()).collect().await;
        assert_eq!(shown, said.text(), "{script:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn small_deltas_are_joined_by_size_and_by_delay() {
    let script =
        Script::new().say("ab").say("cd").say("e").wait(TICK).say("f").wait(5 * TICK).say("g");
    let start = Instant::now();
    let answer = ask(&script).coalesce(4, 3 * TICK);
    let pieces: Vec<_> = answer.map(|item| (item, start.elapsed().as_millis())).collect().await;
    assert_eq!(pieces[0], (delta("abcd"), 0));
    assert_eq!(pieces[1], (delta("ef"), 30));
    assert_eq!(pieces[2], (delta("g"), 60));
    assert!(ended(Reason::Complete)(&pieces[3].0) && pieces[3].1 == 60);
}

#[tokio::test(start_paused = true)]
async fn a_rate_limit_delays_deltas_and_nothing_else() {
    let script = Script::new().say("a").say("b").wait(50 * TICK).say("c");
    let start = Instant::now();
    let answer = ask(&script).rate_limit(10 * TICK);
    let times: Vec<_> = answer.map(|_| start.elapsed().as_millis()).collect().await;
    // the model waits as well: its half a second begins behind the second delta
    assert_eq!(times, [0, 100, 600, 600]);
}

#[tokio::test(start_paused = true)]
async fn silence_is_an_error_and_closes_the_answer() {
    let (answer, dropped) = watched(&Script::new().say("a").wait(2 * TICK).say("b").silence());
    let mut answer = answer.idle_timeout(3 * TICK);
    let start = Instant::now();
    assert_eq!(answer.next().await, Some(delta("a")));
    assert_eq!(answer.next().await, Some(delta("b")));
    assert_eq!(answer.next().await, Some(Err(ModelError::Silent { limit: 3 * TICK })));
    assert_eq!(start.elapsed(), 5 * TICK);
    assert!(dropped.load(Ordering::Relaxed));
    assert!(answer.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn progress_is_told_at_each_item() {
    let told: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let tell = {
        let told = Arc::clone(&told);
        move |progress: &Progress| {
            if let Ok(mut told) = told.lock() {
                told.push(*progress);
            }
        }
    };
    let answer = ask(&Script::new().say("é").wait(TICK).say("bc")).on_progress(tell);
    assert_eq!(answer.count().await, 3);
    let told = told.lock().map(|told| told.clone()).unwrap_or_default();
    let seen: Vec<_> =
        told.iter().map(|p| (p.deltas, p.bytes, p.elapsed, p.end.is_some())).collect();
    let none = Duration::ZERO;
    assert_eq!(seen, [(1, 2, none, false), (2, 4, TICK, false), (2, 4, TICK, true)]);
}

#[tokio::test(start_paused = true)]
async fn an_endless_answer_ends_where_it_may() -> Result {
    let (answer, dropped) = watched(&Script::new().endless("hé", TICK));
    let mut answer = answer.at_most(8);
    let text = answer.by_ref().take(3).try_collect::<Vec<_>>().await?;
    // the last `é` would be cut in two
    assert_eq!(text, ["hé", "hé", "h"].map(|text| Chunk::Delta(text.to_owned())));
    assert!(dropped.load(Ordering::Relaxed));
    let end = answer.next().await;
    assert!(end.as_ref().is_some_and(ended(Reason::Limit)), "{end:?}");
    assert!(answer.next().await.is_none());
    let whole = ask(&Script::new().endless("ab", TICK)).at_most(0).whole().await?;
    assert_eq!((whole.text.as_str(), whole.end.reason), ("", Reason::Limit));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_an_answer_at_once_and_closes_it() {
    let (answer, dropped) = watched(&Script::new().say("a").silence());
    let (stop, stopped) = oneshot::channel::<()>();
    let mut answer = answer.until(stopped.map(|_| ()));
    assert_eq!(answer.next().await, Some(delta("a")));
    assert!(answer.next().now_or_never().is_none());
    drop(stop);
    let end = answer.next().await;
    assert!(
        matches!(&end, Some(Ok(Chunk::End(end))) if end.reason == Reason::Cancelled
        && end.usage.first_delta == Some(Duration::ZERO)),
        "{end:?}"
    );
    assert!(dropped.load(Ordering::Relaxed));
    assert!(answer.next().await.is_none());
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_was_cut_may_be_made_an_error() {
    let items: Vec<_> = ask(&Script::new().say("a").cut()).unbroken().collect().await;
    assert_eq!(items, [delta("a"), Err(ModelError::cut_short())]);
    let whole = ask(&Script::new().say("a")).unbroken().whole().await;
    assert!(whole.is_ok_and(|whole| whole.end.reason == Reason::Complete));
}

#[tokio::test(start_paused = true)]
async fn every_end_is_recorded_once_on_the_span_of_its_step() {
    let usage = Usage { input_tokens: Some(7), output_tokens: Some(2), first_delta: None };
    let ended = Script::new().wait(TICK).say("a").end(Reason::Complete, usage);
    let table = [
        (ended, 9, "input_tokens=7", "finish_reasons=complete"),
        (Script::new().wait(TICK).say("a").cut(), 9, "chunk=0.01", "finish_reasons=truncated"),
        (Script::new().refuse(500), 9, "", "finish_reasons=failed"),
        (Script::new().wait(TICK).say("a").silence(), 1, "chunk=0.01", "finish_reasons=cancelled"),
    ];
    for (script, taken, usage, reason) in table {
        let trace = Trace::default();
        let watching = trace.watch();
        let step = tracing::info_span!("step", gen_ai.response.finish_reasons = Empty);
        let answer = ask(&script).recorded().take(taken);
        answer.for_each(async |_| ()).instrument(step).await;
        drop(watching);
        let text = trace.text();
        let events = text.lines().filter(|line| line.starts_with("burdock_llm"));
        let records = text.lines().filter(|line| line.starts_with("record"));
        for lines in [events.collect::<Vec<_>>(), records.collect()] {
            let with_reason = lines.iter().filter(|line| line.contains(reason)).count();
            assert_eq!(with_reason, 1, "{script:?}: {text}");
        }
        assert!(text.contains(usage), "{text}");
    }
}

#[derive(State, Clone, Default, Serialize, Deserialize)]
struct Asked {
    usage: Slot<Usage>,
}

#[action(state = Asked, writes(usage))]
async fn answer(#[resource] llm: &Scripted) -> burdock::Result<Writes> {
    let whole = llm.chat(Request::prompt("?")).recorded().whole().await?;
    Ok(Writes { usage: whole.end.usage })
}

graph! {
    Asking(Asked) {
        resources { llm: Scripted }
        nodes { answer }
        start answer;
        answer -> pause;
    }
}

#[tokio::test(start_paused = true)]
async fn what_an_answer_took_is_in_the_span_of_its_step_and_in_the_log() -> StdResult {
    let trace = Trace::default();
    let watching = trace.watch();
    let usage = Usage { input_tokens: Some(7), output_tokens: Some(2), first_delta: None };
    let script = Script::new().wait(TICK).say("a").end(Reason::Complete, usage);
    let llm = Scripted::new([Script::new().refuse(503), script]);
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let resources = AskingResources { llm };
    let app = Asking::app().resources(resources).id("ada").log(Arc::clone(&log));
    let mut app = app.observer(Spans::default()).build().await?;
    assert!(app.run(AskingInputs {}).await.is_err());
    app.resume().await?;
    drop(watching);

    let text = trace.text();
    // exporters of OpenTelemetry write those as strings
    assert!(!text.contains("_u64"), "{text}");
    let ends: Vec<_> = text.lines().filter(|line| line.starts_with("burdock_llm")).collect();
    assert!(ends.iter().all(|line| line.starts_with("burdock_llm::chunk in step:")), "{text}");
    assert!(
        matches!(ends[..], [failed, ended] if failed.contains("finish_reasons=failed")
        && ended.contains("input_tokens=7") && ended.contains("first_chunk=0.01")),
        "{text}"
    );

    let entries = log.read(&SessionId::new("ada")?, Offset(0), 100).await?;
    let mut committed = Vec::new();
    for record in entries {
        if let EntryKind::StepCommitted { patches, .. } =
            record.entry(&SessionId::new("ada")?)?.kind
        {
            committed.extend(patches);
        }
    }
    let usage = serde_json::to_value(Usage { first_delta: Some(TICK), ..usage })?;
    assert_eq!(committed, [("usage".to_owned(), Patch::Set(usage))]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_nobody_polled_is_not_recorded() {
    let trace = Trace::default();
    let watching = trace.watch();
    drop(ask(&Script::new()).recorded());
    drop(watching);
    assert_eq!(trace.text(), "");
}

#[tokio::test(start_paused = true)]
async fn a_transcript_grows_with_its_deltas() -> Result {
    let call = ToolCall { id: "1".into(), name: "add".into(), arguments: [1, 2].into() };
    let script = Script::new().wait(TICK).say("a").call(call.clone()).say("b");
    let (mut deltas, said) = ask(&script).transcribe();
    assert_eq!(deltas.try_next().await?, Some("a".to_owned()));
    assert_eq!((said.text(), said.end().reason), ("a".to_owned(), Reason::Cancelled));
    assert_eq!(said.end().usage.first_delta, Some(TICK));
    assert_eq!(deltas.try_next().await?, Some("b".to_owned()));
    assert_eq!(deltas.try_next().await?, None);
    assert_eq!(deltas.try_next().await?, None);
    let whole = said.take();
    assert_eq!((whole.text.as_str(), whole.end.reason), ("ab", Reason::Complete));
    assert_eq!(whole.tool_calls, [call]);

    for (script, reason) in [
        (Script::new().say("a").cut(), Reason::Truncated),
        (Script::new().refuse(500), Reason::Failed),
    ] {
        let (deltas, said) = ask(&script).transcribe();
        deltas.count().await;
        assert_eq!(said.end().reason, reason);
    }
    Ok(())
}

#[tokio::test]
async fn a_stream_without_an_end_was_cut() -> Result {
    let whole = Answer::new(stream::iter([delta("a")])).whole().await?;
    assert_eq!(whole.end, End::because(Reason::Truncated));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn an_answer_may_borrow_what_stops_it() {
    let (stop, mut stopped) = oneshot::channel::<()>();
    let wait = (&mut stopped).map(|_| ());
    let answer = pin!(ask(&Script::new().endless("a", TICK)).until(wait));
    drop(stop);
    assert_eq!(answer.count().await, 1);
}

/// An answer, and whether it was dropped.
fn watched(script: &Script) -> (Answer, Arc<AtomicBool>) {
    struct Drops(Arc<AtomicBool>);
    impl Drop for Drops {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    let dropped = Arc::new(AtomicBool::new(false));
    let drops = Drops(Arc::clone(&dropped));
    let answer = ask(script).inspect(move |_| {
        let _ = &drops;
    });
    (Answer::new(answer), dropped)
}
