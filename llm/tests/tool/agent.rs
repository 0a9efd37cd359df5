//! An agent whose loop is a graph: whatever interrupts it, it continues, and its history stays legal.

use super::{assert_legal, call};
use burdock::{
    Context, Outcome, RunErrorKind,
    log::{Log, MemoryLog},
    prelude::*,
};
use burdock_llm::{
    Message, Model, ModelError, Request,
    Role::{self, Assistant, Tool, User},
    Script, Scripted, ToolCall, ToolEvent, Usage, Window, paired, tool, tools,
};
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};
use serde_json::json;
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

type TestResult = std::result::Result<(), Box<dyn std::error::Error>>;

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
struct Desk {
    history: Vector<Message>,
    /// The calls that have no results yet.
    calls: Vec<ToolCall>,
    /// The turns of the model since the last prompt.
    turns: u32,
    usage: Usage,
}

/// The orders of all customers.
#[derive(Debug, Default)]
struct Shop {
    lookups: AtomicUsize,
    refunds: AtomicUsize,
}

/// Finds the orders of a customer.
#[tool(yields(String))]
async fn find_orders(#[resource] shop: &Shop, email: String) -> burdock::Result<Vec<u64>> {
    yield_!(format!("searching for {email}"));
    tokio::time::sleep(Duration::from_secs(1)).await;
    shop.lookups.fetch_add(1, Ordering::SeqCst);
    Ok(vec![17])
}

/// Refunds an order.
#[tool]
async fn refund(#[resource] shop: &Shop, order: u64) -> burdock::Result<String> {
    if order != 17 {
        return Err(burdock::ActionError::msg(format!("there is no order {order}")));
    }
    // slower than the search
    tokio::time::sleep(Duration::from_secs(5)).await;
    shop.refunds.fetch_add(1, Ordering::SeqCst);
    Ok(format!("refunded {order}"))
}

/// Adds the prompt.
#[action(state = Desk, reads(history), writes(history, turns))]
async fn ask(desk: Reads<'_>, #[input] prompt: String) -> Result<Writes> {
    Ok(Writes { history: desk.history.with(Message::user(prompt)), turns: 0 })
}

/// Answers, or calls tools.
#[streaming_action(state = Desk, reads(history, turns, usage), writes(history, calls, turns, usage), yields(Shown))]
async fn answer(
    desk: Reads<'_>,
    #[resource] llm: &Arc<dyn Model>,
    #[resource] shop: &Arc<Shop>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let tools = tools![find_orders { shop }, refund { shop }];
    let request = Request::new(Window::last(20).of(desk.history)).tools(&tools);
    let answer = llm.chat(request.runtime(cx.runtime())).recorded().until(cx.stopped());
    let (mut deltas, transcript) = answer.transcribe();
    while let Some(delta) = deltas.try_next().await.map_err(ModelError::into_action)? {
        yield_!(Shown::Delta(delta));
    }
    let whole = transcript.take();
    let mut usage = *desk.usage;
    usage += whole.end.usage;
    let calls = whole.tool_calls.clone();
    Ok(Writes { history: desk.history.with(whole.into()), calls, turns: desk.turns + 1, usage })
}

/// Runs the calls of the last answer.
#[streaming_action(state = Desk, reads(history, calls), writes(history, calls), yields(Shown))]
async fn use_tools(
    desk: Reads<'_>,
    #[resource] shop: &Arc<Shop>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let tools = tools![find_orders { shop }, refund { shop }];
    let mut run = tools.run(desk.calls.clone()).in_step(cx);
    while let Some(event) = run.next().await {
        yield_!(Shown::Tool(event?));
    }
    Ok(Writes { history: desk.history.with_all(run.messages()), calls: Vec::new() })
}

graph! {
    /// Answers questions about orders.
    Support(Desk) {
        inputs { prompt: String }
        resources { llm: Arc<dyn Model>, shop: Arc<Shop> }
        yields Shown;
        nodes { ask, answer, use_tools }
        start ask;
        ask -> answer;
        answer -> if state.calls.is_empty() || state.turns >= 4 { pause } else { use_tools };
        use_tools -> answer;
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shown {
    Delta(String),
    Tool(ToolEvent),
}

/// A model that looks for orders, refunds one, and answers.
fn llm() -> Scripted {
    let usage = Usage { input_tokens: Some(10), output_tokens: Some(5), first_delta: None };
    let end = |script: Script| script.end(burdock_llm::Reason::Complete, usage);
    let find = call("1", "find_orders", json!({ "email": "ada@example.org" }));
    let both = [
        call("1", "refund", json!({ "order": "17" })),
        call("2", "refund", json!({ "order": 18 })),
    ];
    let [first, second] = both;
    Scripted::new([end(Script::new().say("Hello!"))])
        .when("money back", end(Script::new().say("Let me look.").call(find)))
        .when("[17]", end(Script::new().call(first).call(second)))
        .when("there is no order 18", end(Script::new().say("You get it back.")))
}

fn resources(llm: Scripted, shop: &Arc<Shop>) -> SupportResources {
    SupportResources { llm: Arc::new(llm), shop: Arc::clone(shop) }
}

fn inputs() -> SupportInputs {
    SupportInputs { prompt: "I want my money back".into() }
}

fn roles(desk: &Desk) -> Vec<Role> {
    desk.history.iter().map(|message| message.role).collect()
}

#[tokio::test(start_paused = true)]
async fn an_agent_calls_tools_until_it_answers() -> TestResult {
    let (llm, shop) = (llm(), Arc::new(Shop::default()));
    let mut app = Support::app().resources(resources(llm.clone(), &shop)).build().await?;
    let mut run = app.run(inputs());
    let (mut text, mut events) = (String::new(), Vec::new());
    while let Some(item) = run.next().await {
        match item? {
            Shown::Delta(delta) => text.push_str(&delta),
            Shown::Tool(event) => events.push(event),
        }
    }
    let end = run.finish().await?;
    assert_eq!(text, "Let me look.You get it back.");
    // two events of each refund, and a progress of the search
    assert_eq!(events.len(), 3 + 4);
    let desk = end.state();
    assert_eq!(roles(desk), [User, Assistant, Tool, Assistant, Tool, Tool, Assistant]);
    let messages: Vec<_> = desk.history.iter().cloned().collect();
    assert_legal(&messages);
    assert_eq!(messages[4].text, "refunded 17");
    assert_eq!(messages[5].text, "error: there is no order 18");
    assert_eq!((desk.usage.input_tokens, desk.usage.output_tokens), (Some(30), Some(15)));
    assert_eq!(shop.refunds.load(Ordering::SeqCst), 1);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_model_that_calls_tools_forever_is_bounded() -> TestResult {
    let find = call("1", "find_orders", json!({ "email": "ada@example.org" }));
    let (llm, shop) = (Scripted::new([Script::new().call(find)]), Arc::new(Shop::default()));
    let mut app = Support::app().resources(resources(llm.clone(), &shop)).build().await?;
    let end = app.run(inputs()).await?;
    assert_eq!(end.state().turns, 4);
    assert_eq!(shop.lookups.load(Ordering::SeqCst), 3);
    // the last call has no result: the next request has one all the same
    assert_eq!(llm.requests().len(), 4);
    app.run(inputs()).await?;
    for request in llm.requests() {
        assert_legal(&request.messages);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_stop_between_two_results_keeps_the_history_legal() -> TestResult {
    let (llm, shop) = (llm(), Arc::new(Shop::default()));
    let mut app = Support::app().resources(resources(llm.clone(), &shop)).build().await?;
    let mut run = app.run(inputs());
    let stopper = run.stopper();
    while let Some(item) = run.next().await {
        // the failed refund ends first
        if matches!(item?, Shown::Tool(ToolEvent::Finished { id, .. }) if id == "2") {
            stopper.stop();
        }
    }
    let end = run.finish().await?;
    assert!(matches!(end.outcome(), Outcome::Stopped(_)), "{:?}", end.outcome());
    drop(run);
    assert_eq!(shop.refunds.load(Ordering::SeqCst), 0);
    let messages: Vec<_> = app.state().history.iter().cloned().collect();
    assert_legal(&messages);
    let texts: Vec<_> = messages.iter().rev().take(2).map(|message| &*message.text).collect();
    assert_eq!(
        texts,
        [
            "error: there is no order 18",
            "error: the call was interrupted, and may have had an effect"
        ]
    );
    app.restart(SupportInputs { prompt: "Hello".into() }).await?;
    for request in llm.requests() {
        assert_legal(&request.messages);
    }
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_crash_at_any_event_loses_no_call() -> TestResult {
    let mut crashed = 0;
    for events in 0..30 {
        let (llm, shop) = (llm(), Arc::new(Shop::default()));
        let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
        let app = || {
            let app = Support::app().resources(resources(llm.clone(), &shop));
            app.id("ada").log(Arc::clone(&log)).build()
        };
        {
            let mut app = app().await?;
            let mut run = app.run(inputs());
            let mut seen = 0;
            while seen < events && run.next().await.is_some() {
                seen += 1;
            }
            crashed += usize::from(seen == events);
            // the process dies: nothing more is written
        }
        let mut app = app().await?;
        let end = if app.state().history.is_empty() {
            app.run(inputs()).await?
        } else if app.state().calls.is_empty() && roles(app.state()).last() == Some(&Assistant) {
            continue;
        } else {
            app.resume().await?
        };
        let messages: Vec<_> = end.state().history.iter().cloned().collect();
        assert_legal(&messages);
        assert_eq!(messages.last().map(|last| &*last.text), Some("You get it back."), "{events}");
        assert_eq!(paired(messages.clone()), messages);
        assert_eq!(shop.refunds.load(Ordering::SeqCst), 1, "after {events} events");
        for request in llm.requests() {
            assert_legal(&request.messages);
        }
    }
    assert!(crashed > 8, "{crashed}");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_leaves_the_last_commit() -> TestResult {
    let shop = Arc::new(Shop::default());
    let llm = Scripted::new([Script::new().refuse(401)]);
    let mut app = Support::app().resources(resources(llm, &shop)).build().await?;
    let error = app.run(inputs()).await.unwrap_err();
    assert!(matches!(error.kind(), RunErrorKind::Failed(_)), "{error:?}");
    assert_eq!(roles(app.state()), [User]);
    Ok(())
}
