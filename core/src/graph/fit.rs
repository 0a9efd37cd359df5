//! Messages for actions that do not fit their graph, as constant functions that `graph!` calls.
//!
//! rustc decides whether the types fit (see [`NodeAction`](super::facts::NodeAction)); the messages
//! name the items of the program.

#![allow(
    clippy::panic,
    clippy::missing_panics_doc,
    reason = "a panic in constant evaluation is a compile error"
)]

use super::{BindingInfo, ChildInfo, Graph, flow::Fact};
use crate::{
    action::{ActionInfo, NeedInfo, NeedKind},
    message::{Text, closest, same},
};

/// Rejects an action over another state than that of the graph, which is written `state`. Another check
/// rejects an action with errors, and the graph if `all_differ`.
#[track_caller]
pub const fn check_over(
    state: &str,
    all_differ: bool,
    infos: &[ActionInfo],
    action: usize,
    is_over: bool,
) {
    let info = &infos[action];
    if is_over || all_differ || info.refused {
        return;
    }
    let mut text = Text::new();
    text.push("action `");
    text.push(info.name);
    text.push("` uses ");
    if info.state.is_empty() {
        text.push("another state");
    } else {
        text.push("the state `");
        text.push(info.state);
        text.push("`");
    }
    text.push(", but the graph has the state `");
    text.push(state);
    text.push("`\nhelp: use an action over `");
    text.push(state);
    text.push("`: a graph has one state");
    panic!("{}", text.as_str())
}

/// Rejects an action whose inputs or resources the graph does not have.
#[track_caller]
pub const fn check_needs<G: Graph>(facts: &[Fact], action: usize, fits: bool) {
    let fact = &facts[action];
    if fits || !fact.known {
        return;
    }
    let (name, needs) = (fact.info.name, fact.info.needs);
    let mut at = 0;
    while at < needs.len() {
        let (declared, section) = declared::<G>(needs[at].kind);
        if find(declared, needs[at].name).is_none() {
            fail_missing(name, &needs[at], declared, section);
        }
        at += 1;
    }
    // all names are declared, so a type differs
    at = 0;
    while at < needs.len() {
        let (declared, _) = declared::<G>(needs[at].kind);
        if let Some(given) = find(declared, needs[at].name)
            && !has_matching_text(needs[at].ty, given.ty)
        {
            fail_type(name, &needs[at], given);
        }
        at += 1;
    }
    let graphs = fact.info.graphs;
    at = 0;
    while at < graphs.len() {
        check_child(name, &graphs[at], G::TOPOLOGY.resources);
        at += 1;
    }
    at = 0;
    while at < graphs.len() {
        if !graphs[at].resources.is_empty() {
            fail_clone(name, &graphs[at]);
        }
        at += 1;
    }
    fail_type_of_same_name(name, needs)
}

/// Rejects an action that runs a graph with a resource that its own graph does not have, or has with another type.
#[track_caller]
const fn check_child(action: &str, child: &ChildInfo, declared: &'static [BindingInfo]) {
    let mut at = 0;
    while at < child.resources.len() {
        let resource = &child.resources[at];
        at += 1;
        let given = find(declared, resource.name);
        if let Some(given) = given
            && same(resource.ty, given.ty)
        {
            continue;
        }
        let mut text = Text::new();
        text.push("action `");
        text.push(action);
        text.push("` runs the graph `");
        text.push(child.graph);
        text.push("`, which needs the resource `");
        text.push(resource.name);
        text.push(": ");
        text.push(resource.ty);
        if let Some(given) = given {
            text.push("`, but this graph has it as `");
            text.push(given.ty);
            text.push("`\nhelp: use the same type in both");
        } else {
            text.push("`\nhelp: declare it in this graph as well: `resources { ");
            text.push(resource.name);
            text.push(": ");
            text.push(resource.ty);
            text.push(" }`");
        }
        panic!("{}", text.as_str())
    }
}

/// Rejects an action that runs a graph with a resource that is not `Clone`, or whose type only has the same text.
#[track_caller]
const fn fail_clone(action: &str, child: &ChildInfo) -> ! {
    let mut text = Text::new();
    text.push("action `");
    text.push(action);
    text.push("` runs the graph `");
    text.push(child.graph);
    text.push("`, but a resource of it cannot be cloned: ");
    let mut at = 0;
    while at < child.resources.len() {
        text.push(if at == 0 { "`" } else { "`, `" });
        text.push(child.resources[at].name);
        text.push(": ");
        text.push(child.resources[at].ty);
        at += 1;
    }
    text.push(
        "`\nhelp: derive `Clone` for its type, or use an `Arc`; both graphs need the same type",
    );
    panic!("{}", text.as_str())
}

/// Rejects an action whose items do not convert into those of the graph.
#[track_caller]
pub const fn check_items<G: Graph>(facts: &[Fact], action: usize, converts: bool) {
    let fact = &facts[action];
    if converts || !fact.known || !fact.streams {
        return;
    }
    let (item, wanted) = (fact.info.yields, G::TOPOLOGY.yields);
    let item = if item.is_empty() { "its items" } else { item };
    let wanted = if let Some(wanted) = wanted { wanted } else { "" };
    let mut text = Text::new();
    text.push("action `");
    text.push(fact.info.name);
    text.push("` yields `");
    text.push(item);
    text.push("`, which does not convert into the graph's `");
    text.push(wanted);
    text.push("`\nhelp: implement `From<");
    text.push(item);
    text.push(">` for `");
    text.push(wanted);
    text.push("`, or let the graph yield another type");
    panic!("{}", text.as_str())
}

const fn declared<G: Graph>(kind: NeedKind) -> (&'static [BindingInfo], &'static str) {
    match kind {
        NeedKind::Input => (G::TOPOLOGY.inputs, "inputs"),
        NeedKind::Resource => (G::TOPOLOGY.resources, "resources"),
    }
}

pub(super) const fn find(
    declared: &'static [BindingInfo],
    name: &str,
) -> Option<&'static BindingInfo> {
    let mut at = 0;
    while at < declared.len() {
        if same(declared[at].name, name) {
            return Some(&declared[at]);
        }
        at += 1;
    }
    None
}

/// Returns whether the text of the type in the graph is that of the action's argument, or an `Option` of it.
const fn has_matching_text(needed: &str, given: &str) -> bool {
    const OPTION: &str = "Option<";
    let inner = given.len().checked_sub(OPTION.len() + 1);
    if let Some(length) = inner
        && length == needed.len()
        && let Some((option, rest)) = given.split_at_checked(OPTION.len())
        && let Some((inner, _)) = rest.split_at_checked(length)
    {
        return same(option, OPTION) && same(inner, needed);
    }
    same(needed, given)
}

#[track_caller]
const fn fail_missing(action: &str, need: &NeedInfo, declared: &[BindingInfo], section: &str) -> ! {
    let mut text = Text::new();
    text.push("action `");
    text.push(action);
    text.push("` needs the ");
    text.push(need.kind.word());
    text.push(" `");
    text.push(need.name);
    text.push(": ");
    text.push(need.ty);
    text.push("`, which the graph does not have");
    if let Some(other) = closest_of(need.name, declared) {
        text.push("\nnote: the graph has `");
        text.push(other.name);
        text.push(": ");
        text.push(other.ty);
        text.push("`");
    }
    text.push("\nhelp: declare it in the graph: `");
    text.push(section);
    text.push(" { ");
    text.push(need.name);
    text.push(": ");
    text.push(need.ty);
    text.push(" }`");
    panic!("{}", text.as_str())
}

const fn closest_of<'d>(name: &str, declared: &'d [BindingInfo]) -> Option<&'d BindingInfo> {
    let mut names = [""; 16];
    let mut at = 0;
    while at < declared.len() && at < names.len() {
        names[at] = declared[at].name;
        at += 1;
    }
    match closest(name, names.split_at(at).0) {
        Some(at) => Some(&declared[at]),
        None => None,
    }
}

#[track_caller]
const fn fail_type(action: &str, need: &NeedInfo, given: &BindingInfo) -> ! {
    let mut text = Text::new();
    text.push("action `");
    text.push(action);
    text.push("` takes the ");
    text.push(need.kind.word());
    text.push(" `");
    text.push(need.name);
    text.push("` as `");
    text.push(need.ty);
    text.push("`, but the graph has it as `");
    text.push(given.ty);
    text.push("`\nhelp: use the same type in both");
    panic!("{}", text.as_str())
}

/// Rejects arguments whose types have the same text as in the graph, although one is a different type.
#[track_caller]
const fn fail_type_of_same_name(action: &str, needs: &[NeedInfo]) -> ! {
    let mut text = Text::new();
    text.push("action `");
    text.push(action);
    text.push("` takes `");
    let mut first = true;
    let mut at = 0;
    while at < needs.len() {
        // names in lower case are primitive types
        if has_upper_case(needs[at].ty) {
            text.push(if first { "" } else { "` and `" });
            text.push(needs[at].name);
            text.push(": ");
            text.push(needs[at].ty);
            first = false;
        }
        at += 1;
    }
    text.push("`, whose type is not the graph's type of the same name");
    text.push("\nhelp: use the same type in both");
    panic!("{}", text.as_str())
}

const fn has_upper_case(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() && !bytes[at].is_ascii_uppercase() {
        at += 1;
    }
    at < bytes.len()
}
