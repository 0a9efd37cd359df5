//! Half-typed items keep every item that they define, so that an editor finds them in the rest of the program.

#![allow(clippy::unwrap_used, reason = "tests")]

use crate::{
    action::{Kind, action},
    graph::graph,
    state::state,
};
use proc_macro2::{Group, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{File, Item};

/// Returns the first `count` tokens, with every open group closed, as an editor passes them.
pub(crate) fn prefix(stream: TokenStream, count: &mut usize) -> TokenStream {
    let mut output = TokenStream::new();
    for tree in stream {
        if *count == 0 {
            break;
        }
        *count -= 1;
        match tree {
            TokenTree::Group(group) => {
                let inside = prefix(group.stream(), count);
                output.extend([TokenTree::from(Group::new(group.delimiter(), inside))]);
            }
            tree => output.extend([tree]),
        }
    }
    output
}

/// Returns all tokens except one.
pub(crate) fn without(stream: TokenStream, index: &mut usize) -> TokenStream {
    repeated(stream, index, 0)
}

/// Returns all tokens, with one of them this often.
pub(crate) fn repeated(stream: TokenStream, index: &mut usize, times: usize) -> TokenStream {
    let mut output = TokenStream::new();
    for tree in stream {
        let here = *index == 0;
        *index = index.wrapping_sub(1);
        match tree {
            tree if here => output.extend(vec![tree; times]),
            TokenTree::Group(group) => {
                let inside = repeated(group.stream(), index, times);
                output.extend([TokenTree::from(Group::new(group.delimiter(), inside))]);
            }
            tree => output.extend([tree]),
        }
    }
    output
}

/// Returns the number of tokens, with those in groups.
pub(crate) fn count(stream: TokenStream) -> usize {
    let inside = |tree| match tree {
        TokenTree::Group(group) => count(group.stream()),
        _ => 0,
    };
    stream.into_iter().map(|tree| 1 + inside(tree)).sum()
}

/// Returns the names of the items of an expansion, and `impl Trait for Type` for its impls.
fn items(expansion: TokenStream) -> Vec<String> {
    let mut names = Vec::new();
    let mut open: Vec<Item> = syn::parse2::<File>(expansion).unwrap().items;
    while let Some(item) = open.pop() {
        match item {
            Item::Struct(item) => names.push(item.ident.to_string()),
            Item::Enum(item) => names.push(item.ident.to_string()),
            Item::Type(item) => names.push(item.ident.to_string()),
            // the templates name what they define
            Item::Macro(call) => names.extend(words(call.mac.tokens)),
            Item::Impl(item) => {
                let (path, _) = item.trait_.unwrap();
                let last = &path.segments.last().unwrap().ident;
                names.push(format!("impl {last} for {}", item.self_ty.to_token_stream()));
            }
            Item::Const(item) => {
                if let syn::Expr::Block(block) = *item.expr {
                    open.extend(block.block.stmts.into_iter().filter_map(|stmt| match stmt {
                        syn::Stmt::Item(item) => Some(item),
                        _ => None,
                    }));
                }
            }
            _ => {}
        }
    }
    names
}

fn words(tokens: TokenStream) -> Vec<String> {
    let words = tokens.into_iter().flat_map(|tree| match tree {
        TokenTree::Ident(word) => vec![word.to_string()],
        TokenTree::Group(group) => words(group.stream()),
        _ => Vec::new(),
    });
    words.collect()
}

/// Expands each prefix that is longer than `known` tokens, and each version without a later token, and checks that
/// these items are defined.
fn check(source: &str, known: usize, expand: impl Fn(TokenStream) -> TokenStream, wanted: &[&str]) {
    let all: TokenStream = source.parse().unwrap();
    for at in known..count(all.clone()) {
        for part in [prefix(all.clone(), &mut at.clone()), without(all.clone(), &mut at.clone())] {
            let items = items(expand(part.clone()));
            for name in wanted {
                assert!(items.iter().any(|item| item == name), "no `{name}` of {part}\n{items:#?}");
            }
        }
    }
}

const ARGUMENTS: &str = "state = Chat, reads(count, mode), writes(count), yields(Word)";

const FUNCTION: &str = r"
    pub async fn answer(
        chat: Reads<'_>,
        #[input] text: &String,
        #[resource] llm: &Llm,
        #[context] cx: &Context,
        #[param(default = 3)] times: usize,
    ) -> Result<Writes> {
        let mut words = llm.words(text).await?;
        while let Some(word) = words.next().await {
            let flow = yield_!(Word { text: word.clone() });
            if flow.is_stop() || cx.is_stopped() {
                break;
            }
        }
        Ok(Writes { count: chat.count + times })
    }";

#[test]
fn a_half_typed_function_keeps_its_action() {
    let arguments: TokenStream = ARGUMENTS.parse().unwrap();
    let expand = |function| action(Kind::Streaming, arguments.clone(), function);
    // from the parentheses after `pub async fn answer`
    check(FUNCTION, 4, expand, &["answer", "impl Action for answer"]);
}

#[test]
fn a_half_typed_attribute_keeps_its_action() {
    let function: TokenStream = FUNCTION.parse().unwrap();
    let expand = |arguments| action(Kind::Streaming, arguments, function.clone());
    check(ARGUMENTS, 0, expand, &["answer", "impl Action for answer"]);
}

#[test]
fn a_half_typed_state_keeps_its_impls() {
    let source = r#"
        /// Docs.
        #[serde(rename_all = "camelCase")]
        pub struct Chat {
            #[state(public)]
            pub count: usize,
            pub mode: Slot<Mode>,
            #[serde(default)]
            words: Vector<String>,
        }"#;
    // from the braces after `pub struct Chat`
    let before = "#[doc = \"\"] #[serde(rename_all = \"camelCase\")] pub struct Chat";
    let known = count(before.parse().unwrap());
    check(source, known, state, &["impl StateFields for Chat", "impl State for Chat"]);
}

#[test]
fn a_half_typed_graph_keeps_its_items() {
    let source = r"
        pub Main(Chat) {
            inputs { text: String }
            resources { llm: Llm }
            yields Word;
            nodes { choose, long: answer { times: 3 }, short: answer { times: 1 } }
            start choose;
            choose -> match state.mode { Mode::Long => long, Mode::Short => short };
            long -> if state.count < 100 { pause choose } else { end };
            on error long -> short;
            short -> pause;
        }";
    // from the braces after `pub Main(Chat)`
    let items =
        ["Main", "MainNode", "MainInputs", "MainResources", "MainWrites", "impl Graph for Main"];
    check(source, 4, graph, &items);
}
