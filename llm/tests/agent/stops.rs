//! Stops: the text until then is kept.

use super::*;
use burdock::{Outcome, Vector};
use burdock_llm::{
    AgentEvent, AgentOptions, AgentState, ToolEvent,
    agent::{AgentEnd, AgentMemory, AgentNode},
    tool::ToolStatus,
};

/// Runs until an event, stops, and returns the outcome and the state.
async fn stop_at(
    app: &mut App<Agent>,
    is_it: impl Fn(&AgentEvent) -> bool,
) -> (Outcome<AgentNode>, AgentState) {
    let mut run = app.run(inputs());
    let stopper = run.stopper();
    while let Some(event) = run.next().await {
        if is_it(&event.unwrap()) {
            stopper.stop();
        }
    }
    let end = run.finish().await.unwrap();
    (end.outcome(), end.state().clone())
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_text_keeps_it() {
    for log in [None, Some(memory())] {
        let (llm, world) = (llm(), World::default());
        let mut app = open(&llm, &world, log.as_ref()).await;
        let (outcome, state) =
            stop_at(&mut app, |event| event.text() == Some("All about tides, ")).await;
        assert_eq!(outcome, Outcome::Paused(AgentNode::ask));
        assert_eq!((state.end, state.answer()), (Some(AgentEnd::Stopped), "All about tides, "));
        assert_legal(&state.history);
        let end = app.run(AgentInputs::new("Tell me about moons.")).await.unwrap();
        assert_eq!(end.state().answer(), "All about moons, and a book.");
        assert_legal(&llm.requests().last().unwrap().messages);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_before_the_first_text_leaves_the_prompt_to_a_resume() {
    let (llm, world) = (llm(), World::default());
    let mut app = open(&llm, &world, Some(&memory())).await;
    let mut run = app.run(inputs());
    let stopper = run.stopper();
    let (end, ()) = tokio::join!(run.finish(), async {
        // the model is silent before its last answer
        tokio::time::sleep(Duration::from_millis(3_500)).await;
        stopper.stop();
    });
    assert_eq!(end.unwrap().outcome(), Outcome::Stopped(AgentNode::answer));
    drop(run);
    let state = app.state().clone();
    assert_eq!((state.end, state.history.len(), state.turns_left), (None, 6, 8));
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().answer(), "All about tides, and a book.");
    assert_eq!((end.state().turns_left, world.count("order tides")), (7, 1));
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_tools_keeps_their_results() {
    for log in [None, Some(memory())] {
        let (llm, world) = (llm(), World::default());
        let mut app = open(&llm, &world, log.as_ref()).await;
        let is_it =
            |event: &AgentEvent| matches!(event, AgentEvent::Tool(ToolEvent::Finished { .. }));
        let (outcome, state) = stop_at(&mut app, is_it).await;
        assert_eq!(outcome, Outcome::Stopped(AgentNode::answer));
        assert_legal(&state.history);
        let statuses: Vec<_> =
            state.history.iter().filter_map(|message| message.tool_status).collect();
        assert_eq!(statuses, [ToolStatus::Interrupted, ToolStatus::Failed]);
        // the agent continues with what it has
        let end = app.resume().await.unwrap();
        assert_eq!(end.state().answer(), "All about tides, and a book.");
        assert_eq!(world.count("search tides"), 0);
    }
}

#[tokio::test(start_paused = true)]
async fn a_restart_after_a_crash_in_the_tools_has_a_legal_history() {
    let (llm, world, log) = (llm(), World::default(), memory());
    let mut app = open(&llm, &world, Some(&log)).await;
    let mut run = app.run(inputs());
    while let Some(event) = run.next().await {
        if let AgentEvent::Tool(_) = event.unwrap() {
            break;
        }
    }
    drop(run);
    let mut app = open(&llm, &world, Some(&log)).await;
    assert_eq!(app.position(), Position::Unfinished(AgentNode::use_tools));
    let end = app.restart(AgentInputs::new("Tell me about moons.")).await.unwrap();
    assert_legal(&end.state().history);
    let interrupted = end
        .state()
        .history
        .iter()
        .filter(|message| message.tool_status == Some(ToolStatus::Interrupted));
    assert_eq!(interrupted.count(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_stop_in_the_middle_of_a_summary_leaves_the_prompt_to_a_resume() {
    let first = Arc::new(Mutex::new(true));
    let llm = Scripted::by(move |request| {
        let is_summary = request.messages[0].text.starts_with("Summarize");
        match (is_summary, std::mem::take(&mut *first.lock().unwrap())) {
            (true, true) => Script::new().silence(),
            (true, false) => Script::new().say("Numbers."),
            (false, _) => Script::new().say("So."),
        }
    });
    let history: Vector<Message> =
        (0..40).map(|number| Message::user(number.to_string())).collect();
    let state = AgentState { history, ..AgentState::default() };
    let app = Agent::app().state(state).resources(resources(&llm, &World::default()));
    let mut app = app.build().await.unwrap();
    let options = AgentOptions { memory: AgentMemory::Summary(30), ..AgentOptions::default() };
    let mut run = app.run(inputs().options(options));
    let stopper = run.stopper();
    let (end, ()) = tokio::join!(run.finish(), async {
        tokio::time::sleep(Duration::from_millis(10)).await;
        stopper.stop();
    });
    assert_eq!(end.unwrap().outcome(), Outcome::Stopped(AgentNode::answer));
    drop(run);
    // the stop sends no other request
    assert_eq!(llm.requests().len(), 1);
    let end = app.resume().await.unwrap();
    assert_eq!((end.state().answer(), &*end.state().summary.text), ("So.", "Numbers."));
}

#[tokio::test(start_paused = true)]
async fn a_stop_after_a_call_leaves_the_call_to_a_resume() {
    let calling = Script::new()
        .say("Let me look.")
        .call(call("1", "search", "tides"))
        .wait(Duration::from_secs(1))
        .call(call("2", "order", "tides"));
    for searches in [1, 0] {
        let llm = Scripted::new([calling.clone(), Script::new().say("So.")]);
        let world = World::default();
        let mut app = open(&llm, &world, Some(&memory())).await;
        let (outcome, state) =
            stop_at(&mut app, |event| matches!(event, AgentEvent::Call(_))).await;
        assert_eq!((outcome, state.calls.len()), (Outcome::Stopped(AgentNode::use_tools), 1));
        let end = match searches {
            1 => app.resume().await.unwrap(),
            _ => app.restart(inputs()).await.unwrap(),
        };
        assert_eq!((end.state().answer(), end.state().end), ("So.", Some(AgentEnd::Answered)));
        assert_legal(&end.state().history);
        assert_eq!((world.count("search tides"), world.count("order tides")), (searches, 0));
    }
}
