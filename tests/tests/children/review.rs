//! Keys of effects, ids, names, stops and fairness of children.

use super::*;
use burdock::Context;
use std::{collections::BTreeSet, time::Duration};

#[derive(State, Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Text {
    text: String,
}

#[action(state = Text, writes(text))]
async fn pay(#[context] cx: &Context) -> Result<Writes> {
    Ok(Writes { text: cx.key() })
}

graph! {
    pub Paying(Text) { nodes { pay } start pay; pay -> end; }
}

#[action(state = Text, writes(text))]
async fn have_paid(#[graph] paying: Sub<'_, Paying>) -> Result<Writes> {
    Ok(Writes { text: paying.run("a", PayingInputs {}).await?.into_state().text })
}

graph! {
    HavingPaid(Text) { nodes { have_paid } start have_paid; have_paid -> end; }
}

#[tokio::test]
async fn idempotency_keys_of_children_differ_between_sessions_and_logs() {
    let mut keys = BTreeSet::new();
    for log in [None, None, Some(memory()), Some(memory())] {
        let builder = HavingPaid::app();
        let mut app = match log {
            Some(log) => builder.log(log).build().await.unwrap(),
            None => builder.build().await.unwrap(),
        };
        let key = app.run(HavingPaidInputs {}).await.unwrap().state().text.clone();
        assert!(keys.insert(key), "{keys:?}");
    }
}

#[tokio::test]
async fn an_app_without_a_log_may_have_any_id() {
    for id in [String::new(), "\0".into(), "x".repeat(2000)] {
        let mut app = HavingPaid::app().id(id.clone()).build().await.unwrap();
        let end = app.run(HavingPaidInputs {}).await;
        assert!(end.is_ok(), "{id:?}: {:?}", end.err());
    }
}

mod inner {
    use super::*;

    pub mod same {
        use super::*;

        graph! {
            pub Paying(Text) { nodes { have_paid } start have_paid; have_paid -> end; }
        }
    }

    #[action(state = Text, writes(text))]
    pub async fn run_inner(#[graph] paying: Sub<'_, same::Paying>) -> Result<Writes> {
        Ok(Writes { text: paying.run("a", same::PayingInputs {}).await?.into_state().text })
    }

    graph! {
        pub Outer(Text) { nodes { run_inner } start run_inner; run_inner -> end; }
    }
}

#[tokio::test]
async fn graphs_with_the_same_name_do_not_count_as_recursion() {
    let mut app = inner::Outer::app().build().await.unwrap();
    let end = app.run(inner::OuterInputs {}).await;
    assert!(end.is_ok(), "{:?}", end.err());
}

/// Needs ten seconds after a stop.
#[action(state = Text, writes(text))]
async fn slow_to_stop(#[context] cx: &Context) -> Result<Writes> {
    cx.stopped().await;
    cx.sleep(Duration::from_secs(10)).await;
    Ok(Writes { text: "stopped".into() })
}

graph! {
    Slow(Text) { nodes { slow_to_stop } start slow_to_stop; slow_to_stop -> end; }
}

#[action(state = Text, writes(text))]
async fn run_slow(#[graph] slow: Sub<'_, Slow>) -> Result<Writes> {
    Ok(Writes { text: slow.run("a", SlowInputs {}).await?.into_state().text })
}

graph! {
    RunningSlow(Text) { nodes { run_slow } start run_slow; run_slow -> end; }
}

#[tokio::test(start_paused = true)]
async fn the_grace_period_of_a_run_is_that_of_its_children() {
    let mut app = RunningSlow::app().build().await.unwrap();
    let mut run = app.run(RunningSlowInputs {}).grace_period(Duration::from_secs(60));
    let stopper = run.stopper();
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        stopper.stop();
    };
    let (end, ()) = tokio::join!(run.finish(), stop);
    assert_eq!(end.unwrap().state().text, "stopped");
}
