//! Agents as children of another graph, two at once.

use super::*;
use burdock::{Context, Outcome, Retry, prelude::*, run::Sub};
use burdock_llm::{AgentEvent, AgentState, ToolEvent, agent::AgentEnd};
use serde::{Deserialize, Serialize};
use std::future::IntoFuture;

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
struct Report {
    topics: Vec<String>,
    findings: Vec<String>,
    usage: Usage,
    /// The conversation with the agent that checks the findings.
    checking: AgentState,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Progress {
    topic: String,
    event: AgentEvent,
}

/// Lets an agent work on each topic.
#[streaming_action(
    state = Report,
    reads(topics, usage),
    writes(findings, usage),
    yields(Progress)
)]
async fn investigate(report: Reads<'_>, #[graph] agent: Sub<'_, Agent>) -> Result<Writes> {
    let inputs =
        |topic: &String| (topic.clone(), AgentInputs::new(format!("Tell me about {topic}.")));
    let mut runs = agent.each(report.topics.iter().map(inputs));
    while let Some(event) = runs.next().await {
        if let SubEvent::Item { key, item, .. } = event? {
            yield_!(Progress { topic: key.to_string(), event: item });
        }
    }
    let (mut findings, mut usage) = (Vec::new(), *report.usage);
    for (_, end) in runs.into_ends() {
        usage += end.state().usage;
        findings.push(end.state().answer().to_owned());
    }
    Ok(Writes { findings, usage })
}

/// Continues the conversation with one agent.
#[action(state = Report, reads(checking), writes(checking))]
async fn check(report: Reads<'_>, #[graph] agent: Sub<'_, Agent>) -> Result<Writes> {
    let inputs = AgentInputs::new("Tell me about errors.");
    let end = agent.run_from("check", report.checking.clone(), inputs).await?;
    Ok(Writes { checking: end.into_state() })
}

graph! {
    Reporting(Report) {
        resources { llm: Arc<dyn Model>, tools: Arc<dyn Toolset> }
        yields Progress;
        nodes {
            #[retry(Retry::times(3).first(Duration::ZERO).superseding())]
            investigate,
            check,
        }
        start investigate;
        investigate -> check;
        check -> pause check;
    }
}

const TOPICS: [&str; 2] = ["tides", "moons"];

async fn open(llm: &Scripted, world: &World, log: Option<&Arc<dyn Log>>) -> App<Reporting> {
    let report = Report { topics: TOPICS.map(String::from).to_vec(), ..Report::default() };
    let AgentResources { llm, tools } = resources(llm, world);
    let app = Reporting::app().state(report).resources(ReportingResources { llm, tools }).id("ada");
    match log {
        Some(log) => app.log(Arc::clone(log)).build().await.unwrap(),
        None => app.build().await.unwrap(),
    }
}

async fn continue_to_rest(app: &mut App<Reporting>) {
    match app.position() {
        Position::Unfinished(_) => {
            let _end = app.resume().await.unwrap();
        }
        Position::Rest(_) if app.state().findings.is_empty() => {
            let _end = app.run(ReportingInputs {}).await.unwrap();
        }
        Position::Rest(_) | Position::Ended => {}
    }
}

/// Returns the effects that are recorded, in the sessions of all children.
async fn recorded_in_children(log: &Arc<dyn Log>) -> Vec<String> {
    let mut effects = Vec::new();
    for kind in entries(log, &ada()).await {
        if let EntryKind::ChildStarted { session, .. } = kind
            && log.info(&session).await.is_ok()
        {
            effects.extend(recorded(log, &session).await);
        }
    }
    effects
}

/// Checks that the items that count have the whole text of each agent, and the results of its tools.
async fn assert_shown(log: &Arc<dyn Log>, case: &str) {
    let mut shown: Vec<Progress> = Vec::new();
    for kind in entries(log, &ada()).await {
        match kind {
            EntryKind::Item { item, .. } => shown.push(serde_json::from_value(item).unwrap()),
            EntryKind::ItemsSuperseded { .. } => shown.clear(),
            _ => {}
        }
    }
    for topic in TOPICS {
        let events = || shown.iter().filter(|shown| shown.topic == topic).map(|shown| &shown.event);
        let text: String = events().filter_map(AgentEvent::text).collect();
        assert_eq!(text, format!("Let me look.All about {topic}, and a book."), "{case}");
        let is_finished =
            |event: &&AgentEvent| matches!(event, AgentEvent::Tool(ToolEvent::Finished { .. }));
        assert_eq!(events().filter(is_finished).count(), 3, "{case}");
    }
}

fn assert_report(report: &Report, case: &str) {
    let findings = TOPICS.map(|topic| format!("All about {topic}, and a book."));
    assert_eq!(report.findings, findings, "{case}");
    assert_eq!(report.usage.input_tokens, Some(60), "{case}");
    assert_eq!(report.checking.answer(), "All about errors, and a book.", "{case}");
    assert_legal(&report.checking.history);
}

#[tokio::test(start_paused = true)]
async fn two_agents_work_at_once() {
    for log in [None, Some(memory())] {
        let (llm, world) = (llm(), World::default());
        let mut app = open(&llm, &world, log.as_ref()).await;
        let started = tokio::time::Instant::now();
        let mut run = app.run(ReportingInputs {});
        let mut texts = BTreeMap::<_, String>::new();
        while let Some(item) = run.next().await {
            let Progress { topic, event } = item.unwrap();
            texts.entry(topic).or_default().push_str(event.text().unwrap_or_default());
        }
        let end = run.finish().await.unwrap();
        assert_report(end.state(), "");
        // two at once, and the third one after them
        assert_eq!(started.elapsed(), 2 * Duration::from_millis(5_010));
        let expected = TOPICS
            .map(|topic| (topic.to_owned(), format!("Let me look.All about {topic}, and a book.")));
        assert_eq!(texts, expected.into());
        drop(run);

        // the conversation of the parent's state continues
        let end = app.run(ReportingInputs {}).await.unwrap();
        assert_eq!(end.state().checking.history.len(), 14);
    }
}

#[tokio::test(start_paused = true)]
async fn each_event_may_be_the_last_one_before_a_crash() {
    for reopened in [true, false] {
        let mut most = 0;
        for count in 0.. {
            let case = format!("after {count} events, reopened: {reopened}");
            let (llm, world, log) = (llm(), World::default(), memory());
            let mut app = open(&llm, &world, Some(&log)).await;
            let mut events = app.run(ReportingInputs {}).events();
            let mut seen = 0;
            while seen < count && events.next().await.is_some() {
                seen += 1;
            }
            drop(events);
            if reopened {
                drop(app);
                app = open(&llm, &world, Some(&log)).await;
            }
            let recorded = recorded_in_children(&log).await;
            most = most.max(recorded.len());
            let counts: Vec<_> = recorded.iter().map(|effect| world.count(effect)).collect();
            continue_to_rest(&mut app).await;
            assert_report(app.state(), &case);
            assert_shown(&log, &case).await;
            // each agent orders winds once
            for (effect, count) in recorded.iter().zip(counts) {
                if effect != "order winds" {
                    assert_eq!(world.count(effect), count, "{case}: {effect}");
                }
            }
            for topic in TOPICS {
                for tool in ["search", "order"] {
                    let times = world.count(&format!("{tool} {topic}"));
                    assert!((1..=2).contains(&times), "{case}: {tool} {topic}: {times}");
                }
            }
            if seen < count {
                assert!(count > 30 && most == 9, "{count} {most}");
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn each_poll_may_be_the_last_one_before_a_crash() {
    for logged in [false, true] {
        for polls in (0..).step_by(3) {
            let case = format!("after {polls} polls, logged: {logged}");
            let (llm, world, log) = (llm(), World::default(), logged.then(memory));
            let mut app = open(&llm, &world, log.as_ref()).await;
            let mut run = app.run(ReportingInputs {}).into_future();
            let mut over = false;
            for _ in 0..polls {
                over = over || futures::poll!(&mut run).is_ready();
                tokio::time::sleep(Duration::from_millis(101)).await;
            }
            drop(run);
            continue_to_rest(&mut app).await;
            assert_report(app.state(), &case);
            for topic in TOPICS {
                for tool in ["search", "order"] {
                    let times = world.count(&format!("{tool} {topic}"));
                    assert!((1..=2).contains(&times), "{case}: {tool} {topic}: {times}");
                }
            }
            if over {
                assert!(polls > 10);
                break;
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_the_parent_in_the_middle_of_tools_loses_no_result() {
    let (llm, world, log) = (llm(), World::default(), memory());
    let mut app = open(&llm, &world, Some(&log)).await;
    let mut run = app.run(ReportingInputs {});
    let stopper = run.stopper();
    while let Some(item) = run.next().await {
        match item {
            Ok(Progress { event: AgentEvent::Tool(ToolEvent::Finished { .. }), .. }) => {
                stopper.stop();
            }
            Ok(_) => {}
            Err(_) => break,
        }
    }
    drop(run);
    // the agents have stopped before their ends
    assert_eq!(app.position(), Position::Unfinished(ReportingNode::investigate));
    let orders = world.count("order winds");
    let end = app.resume().await.unwrap();
    assert_eq!(end.state().findings.len(), 2);
    assert!(end.state().findings.iter().all(|finding| finding.ends_with("and a book.")));
    // those of the two agents, and of the one that checks
    assert_eq!(world.count("order winds"), orders + 1);
}

/// Keeps the answer of the agent.
#[action(state = Report, writes(findings, checking))]
async fn dictate(#[graph] agent: Sub<'_, Agent>, #[context] cx: &Context) -> Result<Writes> {
    let end = agent.run("one", inputs()).await?.into_state();
    assert_eq!(cx.is_stopped(), end.end == Some(AgentEnd::Stopped));
    Ok(Writes { findings: vec![end.answer().to_owned()], checking: end })
}

graph! {
    Dictating(Report) {
        resources { llm: Arc<dyn Model>, tools: Arc<dyn Toolset> }
        nodes { dictate }
        start dictate;
        dictate -> end;
    }
}

#[tokio::test(start_paused = true)]
async fn a_stop_of_the_parent_in_the_middle_of_a_text_keeps_it() {
    let AgentResources { llm, tools } = resources(&llm(), &World::default());
    let app = Dictating::app().resources(DictatingResources { llm, tools }).id("ada").log(memory());
    let mut app = app.build().await.unwrap();
    let mut run = app.run(DictatingInputs {});
    let stopper = run.stopper();
    let (end, ()) = tokio::join!(run.finish(), async {
        tokio::time::sleep(Duration::from_millis(4_500)).await;
        stopper.stop();
    });
    let end = end.unwrap();
    assert_eq!(end.outcome(), Outcome::Ended);
    assert_eq!(end.state().findings, ["All about tides, "]);
    assert_legal(&end.state().checking.history);
}
