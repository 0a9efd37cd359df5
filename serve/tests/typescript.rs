//! The types of events for the TypeScript client, which are generated from the Rust types.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test")]

use std::{collections::BTreeMap, env, fmt::Write, fs, path::Path};
use syn::{Attribute, Expr, Field, Fields, Item, Lit, Meta, Type, Variant};

const FROM: &str = "src/event.rs";
const TO: &str = "../clients/typescript/src/events.ts";

/// The text before the events.
const HEAD: &str = "\
// Generated from the Rust types in serve/src/event.rs by `BLESS=1 cargo test -p burdock-serve --test
// typescript`. Do not edit by hand.

import type { ChatCallUpdate, ChatValueUpdate } from \"./types.ts\";

/** A place in a session, `epoch.offset`: the `id` of an event. */
export type Cursor = string;

/** The transition after a step: to a node, to a pause before a node, or to the end. */
export type Next<Node extends string = string> = { node: Node } | { pause: Node } | \"end\";

/**
 * The change of a field: its new value, a list that keeps its first `keep` elements and appends `tail`, or entries
 * of a map that are removed and set.
 */
export type Patch<Value = unknown> =
  | { set: Value }
  | { append: { keep: number; tail: Value extends readonly (infer Element)[] ? Element[] : unknown[] } }
  | { entries: { set: Record<string, Value extends Record<string, infer Entry> ? Entry : unknown>; remove: string[] } };
";

/// The events that only streams of items, or only chat streams, have.
const OWN: [&str; 2] = ["ItemEvent", "ChatItemEvent"];

/// An interface: its name, the `type` of its event, its parameters, and its source text.
struct Interface {
    name: String,
    kind: String,
    parameters: Vec<&'static str>,
    text: String,
}

/// `BLESS=1 cargo test -p burdock-serve --test typescript` writes the file.
#[test]
fn typescript_events_match_the_rust_types() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let source = fs::read_to_string(folder.join(FROM)).unwrap();
    let file = syn::parse_file(&source).unwrap();
    let variants = file.items.iter().find_map(|item| match item {
        Item::Enum(item) if item.ident == "Event" => Some(&item.variants),
        _ => None,
    });
    let interfaces: Vec<_> = variants.unwrap().iter().flat_map(interfaces).collect();
    let text = module(&interfaces, &terminal(&source));
    let path = folder.join(TO);
    if env::var_os("BLESS").is_some() {
        fs::write(path, text).unwrap();
    } else {
        assert!(
            fs::read_to_string(path).unwrap() == text,
            "events.ts is out of date; help: run with `BLESS=1`"
        );
    }
}

/// Returns the variants in the body of `is_terminal`.
fn terminal(source: &str) -> Vec<String> {
    let (_, body) = source.split_once("fn is_terminal").unwrap();
    let (body, _) = body.split_once("\n    }\n").unwrap();
    let names = body.split("Self::").skip(1);
    names.map(|name| name.chars().take_while(|letter| letter.is_alphanumeric()).collect()).collect()
}

fn module(interfaces: &[Interface], terminal: &[String]) -> String {
    let mut text = HEAD.to_owned();
    for interface in interfaces {
        write!(text, "\n{}", interface.text).unwrap();
    }
    let node = ["Node extends string = string"];
    let state = ["State = Record<string, unknown>", node[0]];
    let ends = |interface: &&Interface| {
        terminal.iter().any(|name| interface.name == format!("{name}Event"))
    };
    let (over, others): (Vec<_>, Vec<_>) = interfaces.iter().partition(ends);
    text +=
        &union("How a run ended.", "TerminalEvent", &node, over.iter().map(|one| one.applied()));
    let common = others.iter().filter(|one| !OWN.contains(&one.name.as_str()));
    let common = common.map(|one| one.applied()).chain(["TerminalEvent<Node>".into()]);
    let about = "The events that streams of items and chat streams share.";
    text += &union(about, "CommonEvent", &state, common);
    let all = ["CommonEvent<State, Node>".to_owned(), "ItemEvent<Item, Node>".into()];
    let parameters = ["Item = unknown", state[0], state[1]];
    text += &union("An event of a session.", "SessionEvent", &parameters, all.into_iter());
    let all = ["CommonEvent<State, Node>".to_owned(), "ChatItemEvent<Node>".into()];
    text += &union("An event of a chat.", "ChatEvent", &state, all.into_iter());
    text += "\n/** The types of the terminal events. */\n";
    text += "export const TERMINAL: ReadonlySet<string> = new Set<TerminalEvent[\"type\"]>([\n";
    for interface in over {
        writeln!(text, "  \"{}\",", interface.kind).unwrap();
    }
    text + "]);\n"
}

fn union(
    about: &str,
    name: &str,
    parameters: &[&str],
    members: impl Iterator<Item = String>,
) -> String {
    let (members, parameters) = (members.collect::<Vec<_>>().join("\n  | "), parameters.join(", "));
    format!("\n/** {about} */\nexport type {name}<{parameters}> =\n  | {members};\n")
}

/// Returns the interfaces of an event: two for items, which are text in chats.
fn interfaces(variant: &Variant) -> Vec<Interface> {
    match variant.ident.to_string().as_str() {
        "Item" => vec![
            interface(variant, "ItemEvent", &["text", "call", "value"], ""),
            interface(variant, "ChatItemEvent", &["item"], " In chat streams."),
        ],
        "Error" => vec![interface(variant, "StreamErrorEvent", &[], "")],
        name => vec![interface(variant, &format!("{name}Event"), &[], "")],
    }
}

fn interface(variant: &Variant, name: &str, without: &[&str], more: &str) -> Interface {
    let kind = snake(&variant.ident.to_string());
    let mut lines = vec![format!("  type: \"{kind}\";")];
    if !["rewound", "error"].contains(&kind.as_str()) {
        lines.push("  /** Milliseconds since 1970. */\n  at: number;".into());
    }
    let mut used = BTreeMap::new();
    let fields = match &variant.fields {
        Fields::Named(fields) => fields.named.iter().collect(),
        _ => Vec::new(),
    };
    for field in fields {
        let name = field.ident.as_ref().unwrap().to_string();
        if without.contains(&name.as_str()) {
            continue;
        }
        let (ty, optional) = typed(field, &name);
        for (place, parameter) in PARAMETERS.iter().enumerate() {
            if ty.contains(parameter.0) {
                used.insert(place, *parameter);
            }
        }
        // optional in Rust, but each kind of stream always has one of the two
        let optional =
            if optional && !["item", "text"].contains(&name.as_str()) { "?" } else { "" };
        lines.push(format!("  /** {} */\n  {name}{optional}: {ty};", docs(&field.attrs)));
    }
    let declared: Vec<_> = used.values().map(|(_, declared)| *declared).collect();
    let generics =
        if declared.is_empty() { String::new() } else { format!("<{}>", declared.join(", ")) };
    let text = format!(
        "/** {}{more} */\nexport interface {name}{generics} {{\n{}\n}}\n",
        docs(&variant.attrs),
        lines.join("\n")
    );
    let parameters = used.values().map(|(name, _)| *name).collect();
    Interface { name: name.into(), kind, parameters, text }
}

/// The generic parameters of interfaces, in this order.
const PARAMETERS: [(&str, &str); 3] = [
    ("Item", "Item = unknown"),
    ("State", "State = Record<string, unknown>"),
    ("Node", "Node extends string = string"),
];

impl Interface {
    fn applied(&self) -> String {
        match self.parameters.as_slice() {
            [] => self.name.clone(),
            parameters => format!("{}<{}>", self.name, parameters.join(", ")),
        }
    }
}

/// Returns the type of a field, and whether the field is optional.
fn typed(field: &Field, name: &str) -> (String, bool) {
    let ty = &field.ty;
    let written: String = written(ty).split_whitespace().collect();
    let (inner, optional) = match written.strip_prefix("Option<") {
        Some(inner) => (inner.strip_suffix('>').unwrap(), true),
        None => (written.as_str(), false),
    };
    let (ty, optional) = match (name, inner) {
        ("node", "String") => ("Node", optional),
        ("to", "String") => ("Cursor", optional),
        ("item", "Value") => ("Item", optional),
        ("patches", _) => ("{ [Field in keyof State]?: Patch<State[Field]> }", optional),
        ("inputs", _) => ("Record<string, unknown>", optional),
        (_, "Next<String>") => ("Next<Node>", optional),
        (_, "String") => ("string", optional),
        (_, "u64" | "u32") => ("number", optional),
        (_, "Box<ChatCallUpdate>") => ("ChatCallUpdate", optional),
        (_, "Box<ChatValueUpdate>") => ("ChatValueUpdate", optional),
        (_, other) => panic!("`{name}: {other}` has no type in TypeScript"),
    };
    (ty.into(), optional)
}

fn written(ty: &Type) -> String {
    match ty {
        Type::Path(path) => {
            let last = path.path.segments.last().unwrap();
            match &last.arguments {
                syn::PathArguments::AngleBracketed(arguments) => {
                    let inner = arguments.args.iter().map(|argument| match argument {
                        syn::GenericArgument::Type(ty) => written(ty),
                        _ => panic!("a generic argument that is not a type"),
                    });
                    format!("{}<{}>", last.ident, inner.collect::<Vec<_>>().join(","))
                }
                _ => last.ident.to_string(),
            }
        }
        Type::Reference(reference) => format!("&'static{}", written(&reference.elem)),
        _ => panic!("unexpected type in an event"),
    }
}

/// Returns a doc comment as one line.
fn docs(attrs: &[Attribute]) -> String {
    let lines = attrs.iter().filter_map(|attr| match &attr.meta {
        Meta::NameValue(meta) if meta.path.is_ident("doc") => match &meta.value {
            Expr::Lit(literal) => match &literal.lit {
                Lit::Str(text) => Some(text.value().trim().to_owned()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    });
    lines.collect::<Vec<_>>().join(" ")
}

fn snake(name: &str) -> String {
    let mut text = String::new();
    for letter in name.chars() {
        if letter.is_uppercase() && !text.is_empty() {
            text.push('_');
        }
        text.extend(letter.to_lowercase());
    }
    text
}
