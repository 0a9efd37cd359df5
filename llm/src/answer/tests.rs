//! Properties that all adapters share (order, text, last item), and the effect of each.

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

/// Adapters with settings under which they change nothing.
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

/// Returns the items of an answer with its text joined, so that deltas do not matter. Checks that no
/// item follows the last one.
async fn normalized(answer: Answer) -> Vec<Item> {
    let mut answer = answer;
    let mut items: Vec<Item> = Vec::new();
    let mut ended = false;
    while let Some(item) = answer.next().await {
        assert!(!ended, "{item:?} follows the last item");
        ended = matches!(item, Ok(Chunk::End(_)) | Err(_));
        match (items.last_mut(), item) {
            (Some(Ok(Chunk::Delta(text))), Ok(Chunk::Delta(more))) => text.push_str(&more),
            (_, item) => items.push(item),
        }
    }
    assert!(answer.next().await.is_none(), "the stream stays at its end");
    items
}

#[tokio::test(start_paused = true)]
async fn adapters_keep_the_order_all_text_and_the_last_item() {
    let _watching = Trace::default().watch();
    let call = |id: &str| ToolCall::new(id, "add", [1, 2]);
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
        let expected = normalized(ask(script)).await;
        for (name, adapter) in ADAPTERS {
            assert_eq!(normalized(adapter(ask(script))).await, expected, "{name}: {script:?}");
        }
        let (deltas, transcript) = ask(script).transcribe();
        let shown: String = deltas.filter_map(async |delta| delta.ok()).collect().await;
        assert_eq!(shown, transcript.text(), "{script:?}");
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
    // the model is delayed as well: its half second starts after the second delta
    assert_eq!(times, [0, 100, 600, 600]);
}

#[tokio::test(start_paused = true)]
async fn idle_timeout_is_an_error_and_closes_the_answer() {
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
async fn progress_is_reported_after_each_item() {
    let reports: Arc<Mutex<Vec<Progress>>> = Arc::default();
    let record = {
        let reports = Arc::clone(&reports);
        move |progress: &Progress| {
            if let Ok(mut reports) = reports.lock() {
                reports.push(*progress);
            }
        }
    };
    let answer = ask(&Script::new().say("é").wait(TICK).say("bc")).on_progress(record);
    assert_eq!(answer.count().await, 3);
    let reports = reports.lock().map(|reports| reports.clone()).unwrap_or_default();
    let seen: Vec<_> =
        reports.iter().map(|p| (p.deltas, p.bytes, p.elapsed, p.end.is_some())).collect();
    let none = Duration::ZERO;
    assert_eq!(seen, [(1, 2, none, false), (2, 4, TICK, false), (2, 4, TICK, true)]);
}

#[tokio::test(start_paused = true)]
async fn endless_answer_ends_at_the_limit() -> Result {
    let (answer, dropped) = watched(&Script::new().endless("hé", TICK));
    let mut answer = answer.at_most(8);
    let text = answer.by_ref().take(3).try_collect::<Vec<_>>().await?;
    // the last `é` does not fit as a whole
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
async fn stop_ends_the_answer_at_once_and_closes_it() {
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
async fn unbroken_turns_a_truncated_answer_into_an_error() {
    let items: Vec<_> = ask(&Script::new().say("a").cut()).unbroken().collect().await;
    assert_eq!(items, [delta("a"), Err(ModelError::cut_short())]);
    let whole = ask(&Script::new().say("a")).unbroken().whole().await;
    assert!(whole.is_ok_and(|whole| whole.end.reason == Reason::Complete));
}

#[tokio::test(start_paused = true)]
async fn end_is_recorded_once_on_the_span_of_the_step() {
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
async fn usage_is_in_the_span_of_the_step_and_in_the_log() -> StdResult {
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
    // OpenTelemetry exporters write `u64` as a string
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
async fn answer_that_was_never_polled_is_not_recorded() {
    let trace = Trace::default();
    let watching = trace.watch();
    drop(ask(&Script::new()).recorded());
    drop(watching);
    assert_eq!(trace.text(), "");
}

#[tokio::test(start_paused = true)]
async fn transcript_grows_with_its_deltas() -> Result {
    let call = ToolCall::new("1", "add", [1, 2]);
    let script = Script::new().wait(TICK).say("a").call(call.clone()).say("b");
    let (mut deltas, transcript) = ask(&script).transcribe();
    assert_eq!(deltas.try_next().await?, Some("a".to_owned()));
    assert_eq!((transcript.text(), transcript.end().reason), ("a".to_owned(), Reason::Cancelled));
    assert_eq!(transcript.end().usage.first_delta, Some(TICK));
    assert_eq!(deltas.try_next().await?, Some("b".to_owned()));
    assert_eq!(deltas.try_next().await?, None);
    assert_eq!(deltas.try_next().await?, None);
    let whole = transcript.take();
    assert_eq!((whole.text.as_str(), whole.end.reason), ("ab", Reason::Complete));
    assert_eq!(whole.tool_calls, [call]);

    for (script, reason) in [
        (Script::new().say("a").cut(), Reason::Truncated),
        (Script::new().refuse(500), Reason::Failed),
    ] {
        let (deltas, transcript) = ask(&script).transcribe();
        deltas.count().await;
        assert_eq!(transcript.end().reason, reason);
    }
    Ok(())
}

#[tokio::test]
async fn stream_without_an_end_is_truncated() -> Result {
    let whole = Answer::new(stream::iter([delta("a")])).whole().await?;
    assert_eq!(whole.end, End::because(Reason::Truncated));
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn answer_can_borrow_its_stop() {
    let (stop, mut stopped) = oneshot::channel::<()>();
    let wait = (&mut stopped).map(|_| ());
    let answer = pin!(ask(&Script::new().endless("a", TICK)).until(wait));
    drop(stop);
    assert_eq!(answer.count().await, 1);
}

/// Returns an answer, and a flag that is set when it is dropped.
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
