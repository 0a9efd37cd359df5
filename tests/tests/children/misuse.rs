//! Keys, inputs and graphs that do not fit, failures, and recursion.

use super::*;
use burdock::{
    Context, RunErrorKind,
    action::CallError,
    log::{Document, SessionFilter},
    run::SubError,
};
use std::error::Error;

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Sums {
    numbers: Vec<u64>,
    sum: u64,
}

/// Sums a list up, by halves.
#[action(state = Sums, reads(numbers), writes(sum))]
async fn add(sums: Reads<'_>, #[graph] adding: Sub<'_, Adding, 4>) -> Result<Writes> {
    let numbers = sums.numbers;
    if let [number] = numbers[..] {
        return Ok(Writes { sum: number });
    }
    let (left, right) = numbers.split_at(numbers.len() / 2);
    let half = |key, half: &[u64]| (key, Sums { numbers: half.to_vec(), sum: 0 }, AddingInputs {});
    let ends = adding.each([half("left", left), half("right", right)]).finish().await?;
    Ok(Writes { sum: ends.iter().map(|(_, end)| end.state().sum).sum() })
}

graph! {
    Adding(Sums) { nodes { add } start add; add -> end; }
}

async fn sum(
    count: u64,
    log: Option<&Arc<dyn Log>>,
) -> std::result::Result<u64, burdock::RunError> {
    let state = Sums { numbers: (1..=count).collect(), sum: 0 };
    let builder = Adding::app().state(state);
    let mut app = match log {
        Some(log) => builder.log(Arc::clone(log)).build().await.unwrap(),
        None => builder.build().await.unwrap(),
    };
    Ok(app.run(AddingInputs {}).await?.state().sum)
}

#[tokio::test]
async fn recursion_is_bounded_by_the_depth_of_its_type() {
    for log in [None, Some(memory())] {
        assert_eq!(sum(16, log.as_ref()).await.unwrap(), 136);
        let error = sum(17, log.as_ref()).await.unwrap_err();
        let mut messages = Vec::new();
        let mut next: Option<&dyn Error> = Some(&error);
        while let Some(error) = next {
            messages.push(error.to_string());
            next = error.source();
        }
        let last = messages.last().unwrap();
        assert!(
            last.starts_with("the child `left` of graph `Adding` would be nested more than 4 deep"),
            "{messages:#?}"
        );
    }
}

#[tokio::test]
async fn children_are_not_listed_among_sessions() {
    let log = memory();
    sum(8, Some(&log)).await.unwrap();
    let all = log.sessions(SessionFilter::default()).await.unwrap();
    assert_eq!(all.len(), 1);
    let filter = SessionFilter { prefix: "~".into(), ..SessionFilter::default() };
    assert_eq!(log.sessions(filter).await.unwrap().len(), 14);
    assert!(SessionId::new("~1:1.2").is_err());
}

#[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
pub struct Misuse {
    texts: Vec<String>,
}

#[action(state = Misuse, writes(texts))]
async fn misuse(
    #[input] how: String,
    #[resource] world: &World,
    #[graph] research: Sub<'_, Research>,
    #[context] cx: &Context,
) -> Result<Writes> {
    let inputs = |question: &str| ResearchInputs { question: question.into() };
    let mut texts = Vec::new();
    match &*how {
        "the same key twice" => {
            let starts = [("a", inputs("tides")), ("a", inputs("moons"))];
            research.each(starts).finish().await?;
        }
        "the same key twice, later" => {
            research.run("a", inputs("tides")).await?;
            research.run("a", inputs("tides")).await?;
        }
        "a call and a child" => {
            cx.once("research/a", async { Ok::<_, burdock::ActionError>(7) }).await?;
            world.may_fail("attempt")?;
            research.run("a", inputs("tides")).await?;
        }
        "a child and a call" => {
            // the second attempt makes a call where the first one ran a child
            if cx.attempt() == 1 {
                research.run("a", inputs("tides")).await?;
                world.may_fail("attempt")?;
            }
            cx.once("research/a", async { Ok::<_, burdock::ActionError>(7) }).await?;
        }
        "a failure that is handled" => {
            world.fail("search moons", 1);
            let starts = ["tides", "moons", "winds"].map(|key| (key, inputs(key)));
            let mut runs = research.each(starts);
            while let Some(event) = runs.next().await {
                if let Err(error) = event {
                    texts.push(error.to_string());
                }
            }
            texts.extend(runs.ends().map(|(key, _)| key.to_owned()));
        }
        "a failed child is run again" => {
            world.fail("search tides", 1);
            let error = research.run("a", inputs("tides")).await.unwrap_err();
            assert!(matches!(error, SubError::Failed { .. }));
            texts.push(research.run("a", inputs("tides")).await?.into_state().summary);
        }
        "other inputs in the second attempt" => {
            let question = if cx.attempt() == 1 { "tides" } else { "moons" };
            texts.push(research.run("a", inputs(question)).await?.into_state().summary);
            world.may_fail("attempt")?;
        }
        "a run that is dropped" => {
            let mut run = research.run("a", inputs("tides"));
            texts.push(run.next().await.unwrap()?);
            drop(run);
            let mut run = research.run("a", inputs("tides"));
            while let Some(item) = run.next().await {
                texts.push(item?);
            }
            assert_eq!(run.finish().await?.state().sources.len(), 2);
        }
        "no children" => {
            let none: [(&str, ResearchInputs); 0] = [];
            assert!(research.each(none).finish().await?.is_empty());
        }
        other => unreachable!("{other}"),
    }
    Ok(Writes { texts })
}

graph! {
    Misusing(Misuse) {
        inputs { how: String }
        resources { world: World }
        nodes {
            #[retry(Retry::times(1).first(std::time::Duration::ZERO))]
            misuse,
        }
        start misuse;
        misuse -> pause;
    }
}

#[tokio::test(start_paused = true)]
async fn each_misuse_has_a_defined_answer() {
    let cases: [(&str, std::result::Result<&[&str], &str>); 9] = [
        ("the same key twice", Err("two calls of node `misuse` have the key `research/a`")),
        ("the same key twice, later", Err("two calls of node `misuse` have the key `research/a`")),
        ("a call and a child", Err("two calls of node `misuse` have the key `research/a`")),
        (
            "a child and a call",
            Err("call `research/a` of node `misuse` is recorded as `child`, not as `once`"),
        ),
        (
            "a failure that is handled",
            Ok(&["the child `moons` failed in its session", "tides", "winds"]),
        ),
        ("a failed child is run again", Ok(&["tides has 2 sources"])),
        ("other inputs in the second attempt", Ok(&["moons has 2 sources"])),
        (
            "a run that is dropped",
            Ok(&["tides: source 1", "tides: source 1", "tides: source 2", "tides: summary"]),
        ),
        ("no children", Ok(&[])),
    ];
    for logged in [false, true] {
        for (how, expected) in cases {
            let case = format!("{how}, logged: {logged}");
            let world = World::default();
            world.fail("attempt", 1);
            let builder = Misusing::app().resources(MisusingResources { world: world.clone() });
            let mut app = if logged {
                builder.log(memory()).build().await.unwrap()
            } else {
                builder.build().await.unwrap()
            };
            let result = app.run(MisusingInputs { how: how.into() }).await;
            match (result, expected) {
                (Ok(end), Ok(texts)) => {
                    let found = &end.state().texts;
                    assert_eq!(found.len(), texts.len(), "{case}: {found:?}");
                    for (found, text) in found.iter().zip(texts) {
                        assert!(found.starts_with(text), "{case}: {found}");
                    }
                }
                (Err(error), Err(message)) => {
                    let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error:?}") };
                    let error = failure.error().unwrap();
                    let is_call = error.downcast_ref::<CallError>().is_some();
                    let is_sub = matches!(error.downcast_ref(), Some(SubError::Call(_)));
                    assert!(is_call || is_sub, "{case}: {error:?}");
                    assert!(!error.is_retryable(), "{case}");
                    assert_eq!(error.to_string(), message, "{case}");
                }
                (result, _) => panic!("{case}: {result:?}"),
            }
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_terminal_error_of_a_child_is_terminal_for_its_parent() {
    #[action(state = Misuse, writes(texts))]
    async fn refuse(#[resource] world: &World) -> Result<Writes> {
        world.effect("refuse");
        let _ = Writes { texts: Vec::new() };
        Err(burdock::ActionError::msg("never").terminal())
    }

    graph! {
        Refusing(Misuse) { resources { world: World } nodes { refuse } start refuse; refuse -> end; }
    }

    #[action(state = Misuse, writes(texts))]
    async fn ask(#[graph] refusing: Sub<'_, Refusing>) -> Result<Writes> {
        Ok(Writes { texts: refusing.run("a", RefusingInputs {}).await?.into_state().texts })
    }

    graph! {
        Asking(Misuse) {
            resources { world: World }
            nodes { #[retry(3)] ask }
            start ask;
            ask -> end;
        }
    }

    let world = World::default();
    let resources = AskingResources { world: world.clone() };
    let mut app = Asking::app().resources(resources).build().await.unwrap();
    let error = app.run(AskingInputs {}).await.unwrap_err();
    let RunErrorKind::Failed(failure) = error.kind() else { panic!("{error:?}") };
    assert_eq!((failure.attempts(), world.count("refuse")), (1, 1));
}

#[tokio::test]
async fn an_action_with_a_graph_is_tested_like_any_other() {
    let report = Report { questions: vec!["tides".into()], ..Report::default() };
    let world = World::default();
    let (items, writes) =
        investigate::test(&report).input("at_most", 2_usize).resource("world", world.clone()).await;
    assert_eq!(items, ["tides: source 1", "tides: source 2", "tides: summary"]);
    assert_eq!(writes.unwrap().findings, ["tides has 2 sources"]);

    let (_, writes) = investigate::test(&report).input("at_most", 2_usize).await;
    assert!(writes.unwrap_err().to_string().contains("world"));
    let _ = Document::new();
}
