//! The rules as data: a graph and its expected errors, each as `message @ labelled tokens`.

use proc_macro2::TokenStream;

use super::check::{CheckedGraph, check_graph};
use super::parse::parse_graph;
use super::resolve::resolve_graph;
use crate::diagnostics::Diagnostics;

/// The graph of a chatbot.
pub(super) const CHATBOT: &str = r#"
    /// Answers a prompt in the mode that fits it.
    pub Chatbot(Chat) {
        inputs { prompt: String }
        resources { llm: Llm }
        yields Delta;

        nodes {
            prompt: take_prompt,
            check_safety,
            choose_mode,
            #[timeout(Duration::from_secs(60))]
            write_code: respond { preamble: "Reply with code only.".into() },
            answer: respond { preamble: "Answer the question.".into() },
            refuse,
        }

        start prompt;
        prompt -> check_safety;
        check_safety -> if state.safe { choose_mode } else { refuse };
        choose_mode -> match state.mode {
            Mode::Code => write_code,
            Mode::Question => answer,
        };
        write_code | answer | refuse -> pause prompt;
    }
"#;

/// Returns the graph, and its errors.
pub(super) fn compile(tokens: TokenStream) -> (Option<CheckedGraph>, Vec<String>) {
    let mut diagnostics = Diagnostics::new();
    let checked = parse_graph(tokens, &mut diagnostics).and_then(|syntax| {
        let model = resolve_graph(&syntax, &mut diagnostics);
        check_graph(model, &mut diagnostics).ok()
    });
    let errors = diagnostics.render();
    assert_eq!(checked.is_some(), errors.is_empty(), "either a graph or errors: {errors:?}");
    assert_eq!(diagnostics.len(), errors.len());
    let _ = diagnostics.into_compile_errors();
    (checked, errors)
}

pub(super) fn tokens(source: &str) -> TokenStream {
    source.parse().unwrap_or_default()
}

#[track_caller]
fn check(source: &str, expected: &[&str]) {
    assert_eq!(compile(tokens(source)).1, expected, "{source}");
}

/// Checks the body of a graph called `G`.
#[track_caller]
fn check_body(body: &str, expected: &[&str]) {
    check(&format!("G(S) {{ {body} }}"), expected);
}

/// Checks a condition of an otherwise valid graph.
#[track_caller]
fn check_condition(condition: &str, expected: &[&str]) {
    let target = format!("if {condition} {{ end }} else {{ pause }}");
    check_body(&format!("nodes {{ a }} start a; a -> {target};"), expected);
}

#[test]
fn valid_graphs_have_no_errors() {
    check(CHATBOT, &[]);
    check_body("nodes { a } start a; a -> end;", &[]);
    check_body("a -> pause; start a; nodes { a, };", &[]);
    check_body(
        "nodes { r#match: path::to::action {} } start r#match; r#match -> pause r#match;",
        &[],
    );
    check_body("nodes { on, start } start on; on -> start; start -> end;", &[]);
    check_body("nodes { a, b } start a; a -> end; on error a -> b; b -> a;", &[]);
    check_body(
        "nodes { a, b } start a; a -> if let Some(x) = &state.b && *x < 3 { a } else if state.c { b } else { end }; b -> pause",
        &["expected `;` @ "],
    );
    check_body(
        "inputs { a: A } resources { a: A } nodes { #[doc = \"x\"] #[retry(3)] a } start a; a -> match (state.x, 1) { | X::A | X::B if state.y => if state.z { a } else { end } _ => end };",
        &[],
    );
}

#[test]
fn unknown_nodes_are_reported_with_a_suggestion() {
    check_body(
        "nodes { first, last } start frist; first -> last; last -> end;",
        &["unknown node `frist`\nhelp: did you mean `first` @ frist"],
    );
    check_body(
        "nodes { first, last } start first; first -> lats; last -> pause other; frst -> end;",
        &[
            "unknown node `lats`\nhelp: did you mean `last` @ lats",
            "unknown node `other`\nhelp: the nodes are `first`, `last` @ other",
            "unknown node `frst`\nhelp: did you mean `first` @ frst",
        ],
    );
    check_body(
        "nodes { first, last } start first; first | last -> ende; on error lst -> pauze;",
        &[
            "unknown node `ende`\nhelp: did you mean `end` @ ende",
            "unknown node `lst`\nhelp: did you mean `last` @ lst",
            "unknown node `pauze`\nhelp: did you mean `pause` @ pauze",
        ],
    );
    check_body(
        "nodes { a } start a; a -> if state.x { wrong } else { worse };",
        &[
            "unknown node `wrong`\nhelp: the only node is `a` @ wrong",
            "unknown node `worse`\nhelp: the only node is `a` @ worse",
        ],
    );
}

#[test]
fn a_graph_has_nodes_and_a_start() {
    check_body(
        "",
        &[
            "the graph has no nodes\nhelp: list its actions: `nodes { … }` @ G",
            "the graph has no `start`\nhelp: name the first node: `start node;` @ G",
        ],
    );
    check_body(
        "nodes {} start a; a -> b;",
        &["the graph has no nodes\nhelp: list its actions: `nodes { … }` @ G"],
    );
    check_body(
        "nodes { a } a -> pause;",
        &["the graph has no `start`\nhelp: name the first node: `start a;` @ G"],
    );
}

#[test]
fn the_second_of_two_duplicates_is_the_error() {
    check_body(
        "nodes { a } nodes { b } start a; start b; yields A; yields B; a -> b; b -> end;",
        &[
            "`nodes` is given twice\nhelp: merge it into the first one @ nodes",
            "`start` is given twice\nhelp: merge it into the first one @ start",
            "`yields` is given twice\nhelp: merge it into the first one @ yields",
        ],
    );
    check_body(
        "nodes { a, b, a: other } start a; a | b | a -> end;",
        &[
            "duplicate node `a`\nhelp: rename or remove one @ a",
            "node `a` is listed twice before `->`\nhelp: remove one @ a",
            "node `b` is unreachable\nhelp: add a transition to it: `… -> b;` @ b",
        ],
    );
    check_body(
        "nodes { a, b } start a; a -> b; a | b -> end; on error a -> b; on error a -> end;",
        &[
            "duplicate transition for node `a`\nhelp: merge them with `if` or `match` @ a",
            "duplicate error edge for node `a`\nhelp: merge them with `if` or `match` @ a",
        ],
    );
    check_body(
        "inputs { x: X, r#x: X } resources { y: Y, y: Y } nodes { #[retry(1)] #[retry(2)] #[timeout(1)] #[timeout(2)] a { p: 1, p: 2 } } start a; a -> end;",
        &[
            "`retry` is given twice\nhelp: remove one @ retry",
            "`timeout` is given twice\nhelp: remove one @ timeout",
            "duplicate input `x`\nhelp: rename or remove one @ r#x",
            "duplicate resource `y`\nhelp: rename or remove one @ y",
            "duplicate parameter `p`\nhelp: rename or remove one @ p",
        ],
    );
}

#[test]
fn every_node_has_a_transition() {
    check_body(
        "nodes { a, b, c } start a; a -> b;",
        &[
            "node `b` has no transition\nhelp: add one: `b -> …;` @ b",
            "node `c` has no transition\nhelp: add one: `c -> …;` @ c",
        ],
    );
    check_body(
        "nodes { a, b, a } start a; a -> b;",
        &[
            "duplicate node `a`\nhelp: rename or remove one @ a",
            "node `b` has no transition\nhelp: add one: `b -> …;` @ b",
        ],
    );
}

#[test]
fn every_node_is_reachable() {
    check_body(
        "nodes { a, b, c, d, e } start a; a -> end; b -> c; c -> b; d -> c; e -> e;",
        &[
            "node `d` is unreachable\nhelp: add a transition to it: `… -> d;`\nnote: only `d` leads to `b`, `c` @ d",
            "node `e` is unreachable\nhelp: add a transition to it: `… -> e;` @ e",
        ],
    );
    check_body(
        "nodes { a, b, c } start a; a -> pause b; b -> end; on error b -> c; c -> end;",
        &[],
    );
}

#[test]
fn every_node_can_reach_pause_or_end() {
    check_body(
        "nodes { a, b, c } start a; a -> b; b -> if state.x { c } else { b }; c -> b;",
        &[
            "node `b` can never reach `pause` or `end`\nhelp: let a node on its path target `pause` or `end`\nnote: the same applies to `a`, `c` @ b",
        ],
    );
}

#[test]
fn an_error_edge_cannot_target_its_own_node() {
    check_body(
        "nodes { a, b } start a; a -> b; b -> end; on error a | b -> a;",
        &[
            "the `on error` edge of node `a` targets itself\nhelp: to retry the node, write `#[retry(…)]` before it @ a",
        ],
    );
}

#[test]
fn a_condition_reads_fields() {
    let bare =
        "`state` cannot be used as a value\nhelp: read one of its fields: `state.field` @ state";
    let method = "a condition cannot call a method of the state\nhelp: call a method on a field: `state.field.method()`";
    check_condition("state.a && matches!(state.b, B::C) && x.state.y() && m::state", &[]);
    check_condition("state.items.len() > 2 && (1..state.n).contains(&3)", &[]);
    check_condition("check(state)", &[bare]);
    check_condition("state.0 > 1 && f(&state)", &[bare, bare]);
    check_condition("state.is_done()", &[&format!("{method} @ is_done")]);
    check_condition("state.get::<u8>()", &[&format!("{method} @ get")]);
    check_body(
        "nodes { a } start a; a -> match state { x if state.y() => end, _ => pause };",
        &[bare, &format!("{method} @ y")],
    );
}

#[test]
fn reserved_names_and_other_attributes_are_rejected() {
    let help = "\nhelp: give the node another name: `name: path::to::action`";
    let end = format!("`end` is reserved and cannot be used as a node name{help} @ end");
    let state = format!("`state` is reserved and cannot be used as a node name{help} @ state");
    check_body("nodes { end, state: x } start state; end | state -> end;", &[&end, &state]);
    check_body(
        "nodes { #[cfg(x)] a } start a; a -> end;",
        &[
            "this attribute is not allowed on a node\nhelp: a node takes only `#[timeout(…)]`, `#[retry(…)]` and doc comments @ cfg",
        ],
    );
    check_body(
        "nodes { #[serde(skip)] a } start a; #[x] a -> end;",
        &[
            "this attribute is not allowed on a node\nhelp: a node takes only `#[timeout(…)]`, `#[retry(…)]` and doc comments @ serde",
            "attributes are allowed only on the graph, a node, an input or a resource @ x",
        ],
    );
}

#[test]
fn an_if_needs_an_else() {
    check_body(
        "nodes { a, b } start a; a -> if state.x { b }; b -> if state.x { end } else if state.y { ned };",
        &[
            "`if` without `else`\nhelp: add the other branch: `else { … }` @ if",
            "`if` without `else`\nhelp: add the other branch: `else { … }` @ if",
            "unknown node `ned`\nhelp: did you mean `end` @ ned",
        ],
    );
}

#[test]
fn one_fault_skips_one_statement() {
    check_body(
        "inputs { a: , b: B } nodes { a: , 5, c } start a; a -> b b -> end; c -> ; what; node { x }",
        &[
            "expected a type @ ,",
            "expected the path of an action @ ,",
            "expected a node @ 5",
            "expected `;` @ b",
            "expected a target: a node, `pause`, `end`, `if` or `match` @ ;",
            "expected a section or a transition\nhelp: a transition is written `what -> target;` @ what",
            "expected a section or a transition\nhelp: did you mean `nodes` @ node",
        ],
    );
    check_body(
        "nodes { a b: x { p: , q: 1 }, c: } start; a -> if state. { x } else { }; b -> match state.x { A => , B => end C => end }; on a -> b;",
        &[
            "expected `,` @ b",
            "expected an expression @ ,",
            "expected the path of an action @ ",
            "expected a node @ ;",
            "expected identifier or integer @ ",
            "expected a target: a node, `pause`, `end`, `if` or `match` @ ",
            "expected a target: a node, `pause`, `end`, `if` or `match` @ ,",
            "expected `,` @ C",
            "expected `error` after `on`\nhelp: an error edge is written `on error node -> target;` @ on",
            "unknown node `x`\nhelp: the nodes are `a`, `b`, `c` @ x",
        ],
    );
}

#[test]
fn a_misspelt_word_is_parsed_as_the_suggested_one() {
    let section = "expected a section or a transition";
    let target = "expected a target: a node, `pause`, `end`, `if` or `match`";
    let edge = "help: an error edge is written `on error node -> target;`";
    check_body(
        "ndoes { a, b } strat a; a -> pasue b; b -> if state.x { end } esle { a };",
        &[
            &format!("{section}\nhelp: did you mean `nodes` @ ndoes"),
            &format!("{section}\nhelp: did you mean `start` @ strat"),
            &format!("{target}\nhelp: did you mean `pause` @ pasue"),
            "expected `else` @ esle",
        ],
    );
    check_body(
        "nodes { a, b } start a; a -> mtach state.x { X => b, Y => end }; b -> end; no error a | b -> end;",
        &[
            &format!("{target}\nhelp: did you mean `match` @ mtach"),
            &format!("{section}\n{edge} @ no"),
        ],
    );
    check_body(
        "nodes { a, b } start a; a -> b; b -> end; on eror a -> b; error b -> end;",
        &[
            &format!("expected `error` after `on`\n{edge} @ on"),
            &format!("{section}\n{edge} @ error"),
        ],
    );
    check(
        "pbu G(S) { nodes { a } start a; a -> end; }",
        &["expected a visibility or the graph's name @ pbu"],
    );
}

#[test]
fn a_repetition_is_one_error() {
    check_body(
        "nodes { a, b } nodes { a, b } inputs { x: X } inputs { x: X } start a; a -> b; b -> c; c -> c;",
        &[
            "`nodes` is given twice\nhelp: merge it into the first one @ nodes",
            "`inputs` is given twice\nhelp: merge it into the first one @ inputs",
            "unknown node `c`\nhelp: the nodes are `a`, `b` @ c",
        ],
    );
    check_body(
        "nodes { a, b } start a; a | b -> if state.x { b } else { end }; a | b -> end;",
        &[
            "duplicate transition for node `a`\nhelp: merge them with `if` or `match`\nnote: the same applies to `b` @ a",
        ],
    );
    check_body(
        "nodes { a, a: other } start a; a -> other; other -> end;",
        &["duplicate node `a`\nhelp: rename or remove one @ a"],
    );
}

#[test]
fn a_graph_without_its_head_is_one_error() {
    check("", &["expected the graph's name @ "]);
    check("pub", &["expected the graph's name @ "]);
    check("G", &["the graph has no state\nhelp: write `G(State) { … }` @ G"]);
    check("G(S)", &["the graph has no body\nhelp: write `G(…) { nodes { … } … }` @ G"]);
    check("G() { nodes { a } start a; a -> end; }", &["expected the path of the state @ "]);
    check(
        "G(S) { nodes { a } start a; a -> end; } more",
        &["unexpected token after the graph @ more"],
    );
}

#[test]
fn former_names_are_unique_identifiers_other_than_the_current_name() {
    let graph = |attributes| format!("{attributes} G(S) {{ nodes {{ a }} start a; a -> end; }}");
    let (checked, _) = compile(tokens(&graph(r#"#[renamed_from("F")] #[renamed_from("Größe")]"#)));
    assert!(checked.is_some_and(|checked| checked.former_names == ["F", "Größe"]));
    let string = "expected the graph's former name as a string\n\
        help: write `#[renamed_from(\"Name\")]`, once for each former name";
    let identifier = "a former name must be an identifier\n\
        help: write a name such as `Chat`";
    for (attributes, error) in [
        ("#[renamed_from]", format!("{string} @ renamed_from")),
        ("#[renamed_from()]", format!("{string} @ renamed_from")),
        ("#[renamed_from = \"F\"]", format!("{string} @ renamed_from")),
        ("#[renamed_from(F)]", format!("{string} @ F")),
        ("#[renamed_from(\"E\", \"F\")]", format!("{string} @ \"E\" , \"F\"")),
        ("#[renamed_from(\"\")]", format!("{identifier} @ \"\"")),
        ("#[renamed_from(\" F\")]", format!("{identifier} @ \" F\"")),
        ("#[renamed_from(\"r#type\")]", format!("{identifier} @ \"r#type\"")),
        ("#[renamed_from(\"1st\")]", format!("{identifier} @ \"1st\"")),
        ("#[renamed_from(\"'\")]", format!("{identifier} @ \"'\"")),
        (
            "#[renamed_from(\"F\")] #[renamed_from(\"F\")]",
            "duplicate former name `F`\nhelp: remove one @ \"F\"".to_owned(),
        ),
        (
            "#[renamed_from(\"G\")]",
            "`G` is the current name of the graph\n\
             help: write the former name, or remove the attribute @ \"G\""
                .to_owned(),
        ),
    ] {
        check(&graph(attributes), &[&error]);
    }
}
