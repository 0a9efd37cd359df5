//! Tools and calls that go wrong: each call has one result, and the run ends.

use super::{call, run, started};
use burdock::ActionError;
use burdock_llm::{ToolCall, ToolEvent, Tools, tool, tool::ToolStatus, tools};
use serde_json::json;
use std::{
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

/// Behaves like its argument.
#[tool(yields(u32))]
async fn behave(how: String) -> burdock::Result<String> {
    match &*how {
        "panics" => panic!("on purpose"),
        "never returns" => pending().await,
        "fails" => Err(ActionError::msg("out of stock")),
        "is terminal" => Err(ActionError::msg("no license").terminal()),
        "is large" => Ok("ä".repeat(5_000_000)),
        "yields forever" => loop {
            yield_!(1);
        },
        "yields" => {
            yield_!(1);
            yield_!(2);
            Ok(how)
        }
        _ => Ok(how),
    }
}

/// Has its own limit.
#[tool(timeout = Duration::from_secs(2))]
async fn slow() -> burdock::Result<String> {
    pending().await
}

fn behave_call(id: &str, how: &str) -> ToolCall {
    call(id, "behave", json!({ "how": how }))
}

/// An error with a cause.
#[derive(Debug, thiserror::Error)]
#[error("the shop cannot be reached")]
struct Unreachable(#[source] std::io::Error);

/// Looks for a door.
#[tool]
async fn knock() -> Result<(), Unreachable> {
    Err(Unreachable(std::io::Error::other("connection refused")))
}

#[tokio::test]
async fn the_model_reads_an_error_with_its_sources() {
    let [(status, text)] = &run(&tools![knock], [call("1", "knock", json!({}))]).await[..] else {
        panic!("one result");
    };
    let expected = "error: the shop cannot be reached: connection refused";
    assert_eq!((*status, text.as_str()), (ToolStatus::Failed, expected));
}

#[tokio::test(start_paused = true)]
async fn each_fault_is_a_result_that_the_model_reads() {
    let tools = tools![behave, slow].timeout(Duration::from_secs(5));
    let unknown = "error: unknown tool `behav`; the tools are `behave`, `slow`";
    for (call, status, text) in [
        (behave_call("1", "works"), ToolStatus::Succeeded, "works"),
        (behave_call("1", "yields"), ToolStatus::Succeeded, "yields"),
        (behave_call("1", "fails"), ToolStatus::Failed, "error: out of stock"),
        (behave_call("1", "panics"), ToolStatus::Panicked, "error: the tool failed"),
        (
            behave_call("1", "never returns"),
            ToolStatus::TimedOut,
            "error: the call took longer than 5s",
        ),
        (call("1", "slow", json!({})), ToolStatus::TimedOut, "error: the call took longer than 2s"),
        (call("1", "behav", json!({})), ToolStatus::Unknown, unknown),
    ] {
        let results = run(&tools, [call.clone()]).await;
        assert_eq!(results, [(status, text.to_owned())], "{call:?}");
    }
    let none = run(&Tools::new(), [call("1", "x", json!({}))]).await;
    assert_eq!(none, [(ToolStatus::Unknown, "error: unknown tool `x`".to_owned())]);
}

#[tokio::test]
async fn a_long_result_is_cut_at_a_character() {
    let tools = tools![behave].result_at_most(101);
    let results = run(&tools, [behave_call("1", "is large")]).await;
    let expected = format!("{}\n… (cut: 100 of 10000000 bytes)", "ä".repeat(50));
    assert_eq!(results, [(ToolStatus::Succeeded, expected)]);
}

#[tokio::test]
async fn a_terminal_error_ends_the_run_and_leaves_a_result_for_each_call() {
    let tools = tools![behave].at_once(1);
    let calls =
        [behave_call("1", "works"), behave_call("2", "is terminal"), behave_call("3", "works")];
    let mut run = tools.run(calls);
    let error = loop {
        match run.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(!error.is_retryable());
    assert_eq!(error.to_string(), "no license");
    assert!(run.next().await.is_none());
    let texts: Vec<_> = run.messages().into_iter().map(|message| message.text).collect();
    assert_eq!(texts, ["works", "error: no license", "error: the call was not started"]);
}

#[tokio::test]
async fn a_tool_that_is_always_ready_ends_at_its_limit_and_at_a_stop() {
    let call = || [behave_call("1", "yields forever")];
    let tools = tools![behave].timeout(Duration::from_millis(20));
    let results = tools.run(call()).whole().await.unwrap();
    assert_eq!(results[0].text, "error: the call took longer than 20ms");
    let tools = tools![behave];
    let stop = tokio::time::sleep(Duration::from_millis(20));
    let results = tools.run(call()).until(stop).whole().await.unwrap();
    assert_eq!(results[0].text, "error: the call was interrupted, and may have had an effect");
}

#[tokio::test(start_paused = true)]
async fn a_stop_keeps_the_results_that_are_ready() {
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let tools = tools![behave].at_once(2);
    let calls = ["1", "2", "3"].map(|id| behave_call(id, "works"));
    let mut run = tools.run(calls).until(async { drop(stopped.await) });
    let mut stop = Some(stop);
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        let event = event.unwrap();
        if matches!(event, ToolEvent::Finished { .. })
            && let Some(stop) = stop.take()
        {
            stop.send(()).unwrap();
        }
        events.push(event);
    }
    let statuses: Vec<_> = run.results().map(|(_, result)| result.status).collect();
    assert_eq!(statuses[..2], [ToolStatus::Succeeded; 2]);
    assert_each_started_call_finishes(&events);
}

/// Checks that each call that starts has one end.
fn assert_each_started_call_finishes(events: &[ToolEvent]) {
    let ids = started(events);
    for id in &ids {
        let is_end = |event: &&ToolEvent| matches!(event, ToolEvent::Finished { id: ended, .. } if ended == id);
        assert_eq!(events.iter().filter(is_end).count(), 1, "{id}: {events:?}");
    }
}

/// Panics when it is dropped.
#[tool]
async fn explosive() -> burdock::Result<()> {
    struct OnDrop;
    impl Drop for OnDrop {
        fn drop(&mut self) {
            panic!("on purpose");
        }
    }
    let _held = OnDrop;
    pending().await
}

#[tokio::test(start_paused = true)]
async fn a_panic_in_a_destructor_ends_no_other_call() {
    let tools = tools![explosive, behave].timeout(Duration::from_secs(1));
    let calls = || [call("1", "explosive", json!({})), behave_call("2", "works")];
    let results = run(&tools, calls()).await;
    assert_eq!((results[0].0, results[1].0), (ToolStatus::TimedOut, ToolStatus::Succeeded));
    let mut running = tools.run(calls());
    for _ in 0..3 {
        running.next().await.unwrap().unwrap();
    }
    drop(running);
}

#[tokio::test]
async fn cut_arguments_are_not_used() {
    for arguments in [r#"{"how":"wor"#, r#"{"how":"works""#, r#"{"how":"works","#] {
        let results = run(&tools![behave], [call("1", "behave", json!(arguments))]).await;
        let text = "error: the arguments do not fit: they are incomplete";
        assert_eq!(results, [(ToolStatus::Invalid, text.to_owned())], "{arguments}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_tool_that_yields_forever_ends_and_leaves_room_for_the_others() {
    let tools = tools![behave].timeout(Duration::from_millis(50));
    let mut run = tools.run([behave_call("1", "yields forever"), behave_call("2", "yields")]);
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        events.push(event.unwrap());
        // a consumer that takes a millisecond for each event
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let statuses: Vec<_> = run.results().map(|(_, result)| result.status).collect();
    assert_eq!(statuses, [ToolStatus::TimedOut, ToolStatus::Succeeded]);
    let done = events
        .iter()
        .position(|event| matches!(event, ToolEvent::Finished { id, .. } if id == "2"));
    assert!(done.unwrap() < 12, "{events:?}");
}

#[tokio::test]
async fn a_second_call_under_one_id_does_not_run() {
    let tools = tools![behave];
    let mut run = tools.run([behave_call("1", "works"), behave_call("1", "fails")]);
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        events.push(event.unwrap());
    }
    assert_eq!(started(&events), ["1"]);
    assert_eq!(run.messages().len(), 1);
    assert_eq!(run.messages()[0].text, "works");
}

/// Counts how many calls run at once.
#[tool]
async fn count(
    #[resource] running: &Arc<AtomicUsize>,
    #[resource] most: &AtomicUsize,
    number: u64,
) -> burdock::Result<u64> {
    let now = running.fetch_add(1, Ordering::SeqCst) + 1;
    most.fetch_max(now, Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(100 - number % 7)).await;
    running.fetch_sub(1, Ordering::SeqCst);
    Ok(number)
}

#[tokio::test(start_paused = true)]
async fn a_hundred_calls_run_within_the_bound_and_keep_their_order() {
    let (running, most) = (Arc::new(AtomicUsize::new(0)), AtomicUsize::new(0));
    let tools = tools![count { running: &running, most: &most }].at_once(5);
    let calls =
        (0..100).map(|number| call(&number.to_string(), "count", json!({ "number": number })));
    let results = run(&tools, calls).await;
    let expected = (0..100).map(|number| (ToolStatus::Succeeded, number.to_string()));
    assert_eq!(results, expected.collect::<Vec<_>>());
    assert_eq!(most.load(Ordering::SeqCst), 5);
}

#[tokio::test(start_paused = true)]
async fn a_stop_drops_the_calls_and_keeps_the_results_so_far() {
    let tools = tools![behave, slow].timeout(Duration::from_mins(1));
    let calls =
        [behave_call("1", "works"), behave_call("2", "never returns"), behave_call("3", "fails")];
    let mut run = tools.run(calls).until(tokio::time::sleep(Duration::from_secs(1)));
    let mut events = Vec::new();
    while let Some(event) = run.next().await {
        events.push(event.unwrap());
    }
    let statuses: Vec<_> = run.results().map(|(_, result)| result.status).collect();
    assert_eq!(statuses, [ToolStatus::Succeeded, ToolStatus::Interrupted, ToolStatus::Failed]);
    assert_each_started_call_finishes(&events);
    let ids: Vec<_> =
        run.messages().into_iter().filter_map(|message| message.tool_call_id).collect();
    assert_eq!(ids, ["1", "2", "3"]);
}

/// Sets a flag when it is dropped.
#[tool]
async fn held(#[resource] drops: &Arc<AtomicUsize>) -> burdock::Result<()> {
    struct OnDrop(Arc<AtomicUsize>);
    impl Drop for OnDrop {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let _held = OnDrop(Arc::clone(drops));
    pending().await
}

#[tokio::test]
async fn a_dropped_run_drops_its_calls() {
    let drops = Arc::new(AtomicUsize::new(0));
    let tools = tools![held { drops: &drops }];
    let mut run = tools.run([call("1", "held", json!({})), call("2", "held", json!({}))]);
    for _ in 0..2 {
        assert!(matches!(run.next().await, Some(Ok(ToolEvent::Started(_)))));
    }
    // both are polled
    assert!(futures::poll!(std::pin::pin!(run.next())).is_pending());
    drop(run);
    assert_eq!(drops.load(Ordering::SeqCst), 2);
}
