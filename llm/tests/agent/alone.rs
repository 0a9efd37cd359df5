//! The loop: asking, calling tools, and its bound.

use super::*;
use burdock::Outcome;
use burdock_llm::{
    AgentEvent, AgentOptions, Role, ToolEvent,
    agent::{AgentEnd, AgentNode},
    tool::ToolStatus,
};

#[tokio::test(start_paused = true)]
async fn an_agent_calls_tools_until_it_answers() {
    for log in [None, Some(memory())] {
        let (llm, world) = (llm(), World::default());
        let mut app = open(&llm, &world, log.as_ref()).await;
        let started = tokio::time::Instant::now();
        let mut run = app.run(inputs());
        let (mut text, mut events) = (String::new(), Vec::new());
        while let Some(event) = run.next().await {
            let event = event.unwrap();
            text.push_str(event.text().unwrap_or_default());
            if let AgentEvent::Tool(event) = event {
                events.push(event);
            }
        }
        let end = run.finish().await.unwrap();
        assert_eq!(end.outcome(), Outcome::Paused(AgentNode::ask));
        // both calls of the first answer at the same time
        assert_eq!(started.elapsed(), Duration::from_millis(10 + 2_000 + 1_000 + 2_000));
        assert_eq!(text, "Let me look.All about tides, and a book.");
        let is_progress = |event: &&ToolEvent| matches!(event, ToolEvent::Progress { .. });
        assert_eq!((events.len(), events.iter().filter(is_progress).count()), (7, 1));

        let state = end.state();
        let expected = [
            (Role::User, "Tell me about tides."),
            (Role::Assistant, "Let me look."),
            (Role::Tool, "tides are known"),
            (Role::Tool, "error: no books about winds"),
            (Role::Assistant, ""),
            (Role::Tool, "ordered tides"),
            (Role::Assistant, "All about tides, and a book."),
        ];
        let messages = state.history.iter().map(|message| (message.role, &*message.text));
        assert_eq!(messages.collect::<Vec<_>>(), expected);
        assert_eq!(state.answer(), "All about tides, and a book.");
        assert_eq!(state.end, Some(AgentEnd::Answered));
        assert_eq!((state.usage.input_tokens, state.usage.output_tokens), (Some(30), Some(15)));
        assert_eq!((state.turns_left, state.calls.len()), (7, 0));

        // the conversation continues
        drop(run);
        let end = app.run(AgentInputs::new("Tell me about moons.")).await.unwrap();
        assert_eq!((end.state().history.len(), end.state().turns_left), (14, 7));
        assert_eq!(end.state().answer(), "All about moons, and a book.");
        for request in llm.requests() {
            assert_legal(&request.messages);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_model_that_calls_tools_forever_is_bounded() {
    for (max_turns, text) in [
        (0, "I have not found an answer in one turn."),
        (1, "I have not found an answer in one turn."),
        (3, "I have not found an answer in 3 turns."),
    ] {
        let world = World::default();
        let llm = Scripted::new([Script::new().call(call("1", "order", "tides"))]);
        let mut app = open(&llm, &world, Some(&memory())).await;
        let options = AgentOptions { max_turns, ..AgentOptions::default() };
        let mut run = app.run(inputs().options(options.clone()));
        let mut shown = String::new();
        while let Some(event) = run.next().await {
            shown.push_str(event.unwrap().text().unwrap_or_default());
        }
        let end = run.finish().await.unwrap();
        assert_eq!(end.outcome(), Outcome::Paused(AgentNode::ask));
        let (state, turns) = (end.state().clone(), max_turns.max(1) as usize);
        assert_eq!((llm.requests().len(), world.count("order tides")), (turns, turns - 1));
        assert_eq!((state.end, state.answer(), &*shown), (Some(AgentEnd::TurnLimit), text, text));
        assert_legal(&state.history);
        let last_result = state.history.iter().rfind(|message| message.role == Role::Tool);
        assert_eq!(last_result.unwrap().tool_status, Some(ToolStatus::NotStarted));

        // the next prompt has all its turns
        drop(run);
        app.run(inputs().options(options)).await.unwrap();
        assert_eq!(llm.requests().len(), 2 * turns);
        for request in llm.requests() {
            assert_legal(&request.messages);
        }
    }
}

#[tokio::test(start_paused = true)]
async fn an_incomplete_answer_is_kept_and_named() {
    for (script, text) in [
        (Script::new().say("All ab").end(Reason::Limit, Usage::default()), "All ab"),
        (Script::new().end(Reason::Filtered, Usage::default()), ""),
    ] {
        let mut app = open(&Scripted::new([script]), &World::default(), None).await;
        let end = app.run(inputs()).await.unwrap();
        assert_eq!((end.state().end, end.state().answer()), (Some(AgentEnd::Cut), text));
    }
    // an answer without text is complete as well
    let mut app = open(&Scripted::new([Script::new()]), &World::default(), None).await;
    let end = app.run(inputs()).await.unwrap();
    assert_eq!((end.state().end, end.state().answer()), (Some(AgentEnd::Answered), ""));
}

#[tokio::test(start_paused = true)]
async fn a_model_that_fails_leaves_the_last_commit() {
    let llm = Scripted::new([Script::new().refuse(401), Script::new().say("Hello!")]);
    let mut app = open(&llm, &World::default(), None).await;
    app.run(inputs()).await.unwrap_err();
    assert_eq!(app.position(), Position::Unfinished(AgentNode::answer));
    let end = app.resume().await.unwrap();
    assert_eq!(texts(&end.state().history), ["Tell me about tides.", "Hello!"]);
}
