//! Sessions of one version of a program, opened by another version. A mismatch is an error when the session is
//! opened, before anything is recorded, and `check_sessions` finds it before a deployment.
#![allow(missing_docs, unreachable_pub, clippy::unwrap_used, clippy::panic, reason = "a test")]

use burdock::{
    Graph,
    log::{Log, MemoryLog, Offset, SessionId},
    run::{AppBuilder, DefaultState, Provided, SessionView, check_sessions},
};
use futures::executor::block_on;
use std::sync::Arc;

/// The version that wrote the sessions: `paused` is at rest before `answer`, `failed` is unfinished there.
mod first {
    use burdock::{ActionError, prelude::*};
    use serde::{Deserialize, Serialize};

    #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
    pub struct Desk {
        pub question: Slot<String>,
        pub count: u32,
    }

    #[action(state = Desk, writes(question))]
    async fn ask(#[input] text: String) -> Result<Writes> {
        Ok(Writes { question: text })
    }

    #[action(state = Desk, reads(question, count), writes(count))]
    async fn answer(desk: Reads<'_>, #[input] text: String) -> Result<Writes> {
        if text == "fail" {
            return Err(ActionError::msg("no"));
        }
        Ok(Writes { count: desk.count + 1 })
    }

    graph! {
        pub Desking(Desk) {
            inputs { text: String }
            nodes { ask, answer }
            start ask;
            ask -> pause answer;
            answer -> pause answer;
        }
    }
}

/// A later version, with these fields of the state, reads of `answer`, inputs, nodes and transitions.
macro_rules! version {
    (
        $module:ident {
            $(#[$state:meta])*
            fields { $($fields:tt)* }
            reads($($reads:ident),*)
            inputs { $($inputs:tt)* }
            nodes { $($nodes:tt)* }
            $($transitions:tt)*
        }
        $($more:item)*
    ) => {
        mod $module {
            #![allow(dead_code, reason = "not every version needs all of it")]

            use burdock::prelude::*;
            use serde::{Deserialize, Serialize};

            #[derive(State, Clone, Debug, Default, Serialize, Deserialize)]
            $(#[$state])*
            pub struct Desk {
                pub question: Slot<String>,
                pub count: u32,
                $($fields)*
            }

            #[action(state = Desk, writes(question))]
            async fn ask(#[input] text: String) -> Result<Writes> {
                Ok(Writes { question: text })
            }

            #[action(state = Desk, reads(question, count, $($reads),*), writes(count))]
            async fn answer(desk: Reads<'_>) -> Result<Writes> {
                Ok(Writes { count: desk.count + 1 })
            }

            $($more)*

            graph! {
                pub Desking(Desk) {
                    inputs { $($inputs)* }
                    nodes { $($nodes)* }
                    start ask;
                    $($transitions)*
                }
            }
        }
    };
}

version! {
    unchanged {
        fields {}
        reads()
        inputs { text: String }
        nodes { ask, answer }
        ask -> pause answer;
        answer -> pause answer;
    }
}

version! {
    with_a_plain_field {
        fields { pub mood: String, }
        reads()
        inputs { text: String }
        nodes { ask, answer }
        ask -> pause answer;
        answer -> pause answer;
    }
}

version! {
    with_a_default {
        fields { #[serde(default)] pub mood: String, }
        reads(mood)
        inputs { text: String }
        nodes { ask, answer }
        ask -> pause answer;
        answer -> pause answer;
    }
}

version! {
    where_the_node_reads {
        fields { pub mood: Slot<String>, }
        reads(mood)
        inputs { text: String }
        nodes { ask, feel, answer }
        ask -> feel;
        feel -> pause answer;
        answer -> pause answer;
    }

    #[action(state = Desk, writes(mood))]
    async fn feel() -> Result<Writes> {
        Ok(Writes { mood: "fine".into() })
    }
}

version! {
    migrated {
        #[state(version = 2, migrate = [from_1])]
        fields { pub mood: Slot<String>, }
        reads(mood)
        inputs { text: String }
        nodes { ask, feel, answer }
        ask -> feel;
        feel -> pause answer;
        answer -> pause answer;
    }

    fn from_1(mut desk: burdock::log::Document) -> Result<burdock::log::Document, &'static str> {
        desk.get("question").ok_or("it has no `question`")?;
        desk.insert("mood".into(), "neutral".into());
        Ok(desk)
    }

    #[action(state = Desk, writes(mood))]
    async fn feel() -> Result<Writes> {
        Ok(Writes { mood: "fine".into() })
    }
}

version! {
    where_a_later_node_reads {
        fields { pub mood: Slot<String>, }
        reads()
        inputs { text: String }
        nodes { ask, feel, answer, part }
        ask -> feel;
        feel -> pause answer;
        answer -> pause part;
        part -> end;
    }

    #[action(state = Desk, writes(mood))]
    async fn feel() -> Result<Writes> {
        Ok(Writes { mood: "fine".into() })
    }

    #[action(state = Desk, reads(mood))]
    async fn part(desk: Reads<'_>) -> Result<Writes> {
        let _ = desk.mood;
        Ok(Writes {})
    }
}

version! {
    where_it_is_written_first {
        fields { pub mood: Slot<String>, }
        reads()
        inputs { text: String }
        nodes { ask, feel, answer, part }
        ask -> pause answer;
        answer -> feel;
        feel -> part;
        part -> end;
    }

    #[action(state = Desk, writes(mood))]
    async fn feel() -> Result<Writes> {
        Ok(Writes { mood: "fine".into() })
    }

    #[action(state = Desk, reads(mood))]
    async fn part(desk: Reads<'_>) -> Result<Writes> {
        let _ = desk.mood;
        Ok(Writes {})
    }
}

version! {
    where_a_condition_reads {
        fields { pub mood: Slot<bool>, }
        reads()
        inputs { text: String }
        nodes { ask, feel, answer }
        ask -> feel;
        feel -> pause answer;
        answer -> if state.mood { end } else { pause answer };
    }

    #[action(state = Desk, writes(mood))]
    async fn feel() -> Result<Writes> {
        Ok(Writes { mood: true })
    }
}

version! {
    where_an_error_edge_reads {
        fields { pub mood: Slot<bool>, }
        reads()
        inputs { text: String }
        nodes { ask, feel, answer, again: feel }
        ask -> feel;
        feel -> pause answer;
        answer -> again;
        again -> pause answer;
        on error answer -> if state.mood { end } else { pause answer };
    }

    #[action(state = Desk, writes(mood))]
    async fn feel() -> Result<Writes> {
        Ok(Writes { mood: true })
    }
}

version! {
    without_the_node {
        fields {}
        reads()
        inputs { text: String }
        nodes { ask, reply: answer }
        ask -> pause reply;
        reply -> pause reply;
    }
}

version! {
    with_other_inputs {
        fields {}
        reads()
        inputs { text: String, urgent: bool }
        nodes { ask, rush, answer }
        ask -> rush;
        rush -> pause answer;
        answer -> pause answer;
    }

    #[action(state = Desk)]
    async fn rush(#[input] urgent: bool) -> Result<Writes> {
        let _ = urgent;
        Ok(Writes {})
    }
}

/// A log with the sessions of the first version.
fn written() -> Arc<dyn Log> {
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new());
    let inputs = |text: &str| first::DeskingInputs { text: text.into() };
    for id in ["failed", "paused"] {
        let open = first::Desking::app().id(id).log(Arc::clone(&log)).build();
        let mut app = block_on(open).unwrap();
        block_on(app.run(inputs("hello")).into_future()).unwrap();
        if id == "failed" {
            block_on(app.run(inputs("fail")).into_future()).unwrap_err();
        }
        block_on(app.close()).unwrap();
    }
    log
}

/// Everything that a log has of a session.
fn recorded(log: &Arc<dyn Log>, session: &SessionId) -> impl PartialEq + std::fmt::Debug {
    let records = block_on(log.read(session, Offset::ZERO, 1000)).unwrap();
    (records, block_on(log.info(session)).unwrap(), block_on(log.epochs(session)).unwrap())
}

type Builder<G> = AppBuilder<G, Provided<<G as burdock::action::Scope>::Resources>, DefaultState>;

/// The result of opening each session of the first version with a version of the graph.
fn verdicts<G: Graph<State: Default, Item: serde::Serialize>>(
    app: impl Fn() -> Builder<G>,
) -> [String; 2] {
    let log = written();
    let misfits = block_on(check_sessions::<G>(&log)).unwrap();
    ["failed", "paused"].map(|id| {
        let session = SessionId::new(id).unwrap();
        let before = recorded(&log, &session);
        let found = misfits.iter().find(|misfit| misfit.session == session);
        let found = found.map(|misfit| misfit.error.to_string());
        match block_on(app().id(id).log(Arc::clone(&log)).build()) {
            Ok(app) => {
                drop(app);
                assert!(block_on(SessionView::<G>::latest(&log, &session)).is_ok());
                found.unwrap_or_else(|| "fits".into())
            }
            Err(error) => {
                assert_eq!(recorded(&log, &session), before);
                assert_eq!(found.as_deref(), Some(error.to_string().as_str()));
                error.to_string()
            }
        }
    })
}

macro_rules! verdicts {
    ($($module:ident: $failed:expr, $paused:expr;)+) => {
        $(
            let [failed, paused] = verdicts::<$module::Desking>($module::Desking::app);
            assert_eq!((failed, paused), ($failed.into(), $paused.into()), stringify!($module));
        )+
    };
}

fn unset(reader: &str) -> String {
    format!(
        "the session is at node `answer` of graph `Desking`, and from there {reader} reads the slot \
         `mood`, which has no value: set it in a migration (`#[state(version = …, migrate = […])]`), or \
         write it on the path from `answer` before that read"
    )
}

#[test]
fn misfits_fail_the_opening_and_are_found_by_check_sessions() {
    let plain = "the recorded state of version 1 does not fit the state: missing field `mood`; raise \
                 `#[state(version = …)]` and add a migration, or add a serde default";
    let node = "the session is at node `answer`, which graph `Desking` does not have: restore the name \
                of the node, or fork the session from an earlier offset; the nodes are ask, reply";
    let inputs =
        "the inputs of the unfinished run at node `answer` do not fit: missing field `urgent`";
    verdicts! {
        unchanged: "fits", "fits";
        with_a_plain_field: plain, plain;
        with_a_default: "fits", "fits";
        where_the_node_reads: unset("node `answer`"), unset("node `answer`");
        migrated: "fits", "fits";
        where_a_later_node_reads: unset("node `part`"), unset("node `part`");
        where_it_is_written_first: "fits", "fits";
        where_a_condition_reads:
            unset("the condition after node `answer`"), unset("the condition after node `answer`");
        where_an_error_edge_reads:
            unset("the condition after node `answer`"), unset("the condition after node `answer`");
        without_the_node: node, node;
        with_other_inputs: inputs, "fits";
    }
}
