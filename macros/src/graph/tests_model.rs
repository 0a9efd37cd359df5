//! Tests of the model: edges, labels, order, rewritten conditions.

use super::check::CheckedGraph;
use super::conditions::rewrite;
use super::model::{EdgeEnd, NodeId, state_ident};
use super::tests::{CHATBOT, compile, tokens};
use crate::diagnostics::Diagnostics;
use crate::{names, text};

fn node_names(graph: &CheckedGraph, ids: impl IntoIterator<Item = NodeId>) -> Vec<String> {
    ids.into_iter().map(|id| names::plain(&graph[id].name)).collect()
}

#[test]
fn the_model_of_the_chatbot_has_flat_edges() {
    let Some(graph) = compile(tokens(CHATBOT)).0 else {
        return assert_eq!("chatbot", "checked");
    };
    let edges: Vec<String> = graph
        .edges
        .iter()
        .map(|edge| {
            let to = match edge.to {
                EdgeEnd::Node(id) => names::plain(&graph[id].name),
                EdgeEnd::Pause(id) => format!("pause {}", graph[id].name),
                EdgeEnd::End => "end".to_owned(),
            };
            let label = edge.label.as_deref().unwrap_or("always");
            format!("{} -> {to}: {label}", graph[edge.from].name)
        })
        .collect();
    assert_eq!(
        edges,
        [
            "prompt -> check_safety: always",
            "check_safety -> choose_mode: state.safe",
            "check_safety -> refuse: else",
            "choose_mode -> write_code: Mode::Code",
            "choose_mode -> answer: Mode::Question",
            "write_code -> pause prompt: always",
            "answer -> pause prompt: always",
            "refuse -> pause prompt: always",
        ]
    );
    let order = graph.order.iter().copied();
    assert_eq!(
        node_names(&graph, order),
        ["prompt", "check_safety", "choose_mode", "write_code", "answer", "refuse"]
    );
    assert_eq!(graph.start(), NodeId(0));
    let keys: Vec<&str> = graph.actions.iter().map(|action| action.key.as_str()).collect();
    assert_eq!(keys, ["take_prompt", "check_safety", "choose_mode", "respond", "refuse"]);
    assert_eq!(graph[NodeId(3)].action, graph[NodeId(4)].action);
    assert_eq!(graph.transition(NodeId(1)).fields, ["safe"]);
    assert!(graph.ids().all(|id| graph[id].ordinary_entry));
}

#[test]
fn equal_paths_of_actions_are_one_action_however_they_are_written() {
    let source =
        "G(S) { nodes { a: x::A::<T, 3>, b: x::A<T,3>, c: x::A, d: ::x::A::<T>::B } start a;
        a -> b; b -> c; c -> d; d -> end; }";
    let Some(graph) = compile(tokens(source)).0 else {
        return assert_eq!("graph", "checked");
    };
    let keys: Vec<&str> = graph.actions.iter().map(|action| action.key.as_str()).collect();
    assert_eq!(keys, ["x::A::<T, 3>", "x::A", "::x::A::<T>::B"]);
}

#[test]
fn labels_have_the_whole_branch_and_error_edges_do_not_count_as_ordinary_entries() {
    let source = "G(S) { nodes { a, b } start a;
        a -> if state.x < 3 { match &state.m { M::A(n) if *n > state.x => end, _ => a } }
             else if state.y { end } else { pause };
        on error a -> if state.z { b } else { end }; b -> pause; }";
    let Some(graph) = compile(tokens(source)).0 else {
        return assert_eq!("graph", "checked");
    };
    let labels: Vec<&str> = graph.edges.iter().filter_map(|edge| edge.label.as_deref()).collect();
    assert_eq!(
        labels,
        [
            "state.x < 3, M::A(n) if *n > state.x",
            "state.x < 3, _",
            "state.y",
            "else",
            "state.z",
            "else",
        ]
    );
    assert_eq!(graph.transition(NodeId(0)).fields, ["x", "m", "y"]);
    let on_error = graph[NodeId(0)].on_error.as_ref().map(|edge| edge.fields.clone());
    assert_eq!(on_error.unwrap_or_default(), ["z"]);
    assert!(graph[NodeId(0)].ordinary_entry && !graph[NodeId(1)].ordinary_entry);
}

#[test]
fn fields_of_the_state_are_rewritten_everywhere_in_a_condition() {
    let mut diagnostics = Diagnostics::new();
    let mut places = |source| {
        let rewritten = rewrite(&tokens(source), &state_ident(), &mut diagnostics);
        (text::written(&rewritten.tokens), rewritten.fields.len())
    };
    assert_eq!(places("state.a && x.state.a"), ("(*__state.a.__get()) && x.state.a".to_owned(), 1));
    assert_eq!(
        places("matches!(state.a, Some(n) if n < state.r#type.b)"),
        (
            "matches!((*__state.a.__get()), Some(n) if n < (*__state.r#type.__get()).b)".to_owned(),
            2
        )
    );
    assert_eq!(
        places("..state.a + state.a.state"),
        ("..(*__state.a.__get()) + (*__state.a.__get()).state".to_owned(), 1)
    );
    assert_eq!(places("state::A == S { state: 1 }"), ("state::A == S { state: 1 }".to_owned(), 0));
    assert!(diagnostics.is_empty());
    let _ = diagnostics.into_compile_errors();
}
