//! Resolution of names to ids, with the rewriting of conditions and the list of edges.
//!
//! If two items have the same name, the first is used and the second is reported.

use proc_macro2::{Ident, TokenStream};

use super::conditions::{add_fields, rewrite};
use super::model::{
    ActionId, ActionPath, Arm, Edge, EdgeEnd, Graph, GraphModel, Guard, If, Incomplete, Match,
    Node, NodeId, Target, Transition, state_ident,
};
use super::paths::reverse_postorder;
use super::syntax::{
    Binding, GraphSyntax, IfSyntax, MatchSyntax, NodeSyntax, TargetSyntax, TransitionSyntax,
};
use crate::diagnostics::Diagnostics;
use crate::{names, text};

/// Resolves the valid parts, and records what is incomplete.
pub(crate) fn resolve_graph(syntax: &GraphSyntax, diagnostics: &mut Diagnostics) -> GraphModel {
    let inputs = resolve_bindings("input", &syntax.inputs, diagnostics);
    let resources = resolve_bindings("resource", &syntax.resources, diagnostics);
    let (mut nodes, actions) = resolve_nodes(syntax, diagnostics);
    let unparsed = syntax.unparsed;
    let repeated_nodes = nodes.len() < syntax.nodes.len();
    let repeated_bindings =
        inputs.len() + resources.len() < syntax.inputs.len() + syntax.resources.len();
    let mut resolver = Resolver {
        names: nodes.iter().map(|node| names::plain(&node.name)).collect(),
        nodes_known: !unparsed.nodes && !nodes.is_empty(),
        hidden: if repeated_nodes { sources(syntax) } else { Vec::new() },
        unknown: Vec::new(),
        start: None,
        incomplete: Incomplete {
            sources: unparsed.statements,
            edges: unparsed.statements || unparsed.targets,
            nodes: unparsed.nodes || unparsed.statements || nodes.is_empty() || repeated_nodes,
            bindings: unparsed.bindings || unparsed.statements || repeated_bindings,
            yields: unparsed.statements,
        },
        diagnostics,
    };
    resolver.resolve_start(syntax);
    let ordinary = resolver.resolve_transitions(&syntax.transitions, nodes.len());
    let on_error = resolver.resolve_error_edges(&syntax.error_edges, nodes.len());
    let Resolver { start, incomplete, .. } = resolver;

    let mut edges = Vec::new();
    let mut transitions = Vec::new();
    for (index, (ordinary, on_error)) in ordinary.into_iter().zip(on_error).enumerate() {
        let from = NodeId(index);
        edges.extend(ordinary.leaves.into_iter().map(|leaf| leaf.into_edge(from, false)));
        edges.extend(on_error.leaves.into_iter().map(|leaf| leaf.into_edge(from, true)));
        transitions.push(ordinary.transition);
        nodes[index].on_error = on_error.transition;
    }
    let entries = edges.iter().filter(|edge| !edge.error).filter_map(|edge| edge.to.node());
    for id in entries.chain(start) {
        nodes[id.0].ordinary_entry = true;
    }
    let order = start.map_or_else(Vec::new, |start| reverse_postorder(start, nodes.len(), &edges));
    let graph = Graph {
        attrs: syntax.attrs.clone(),
        former_names: resolve_former_names(syntax, diagnostics),
        vis: syntax.vis.clone(),
        name: syntax.name.clone(),
        state: syntax.state.clone(),
        inputs,
        resources,
        yields: syntax.yields.clone(),
        nodes,
        actions,
        edges,
        order,
        places: syntax.places.clone(),
    };
    GraphModel { graph, start, transitions, incomplete }
}

/// Returns the former names of the graph, which logged sessions may still have.
fn resolve_former_names(syntax: &GraphSyntax, diagnostics: &mut Diagnostics) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for literal in &syntax.former_names {
        let name = literal.value();
        if name == names::plain(&syntax.name) {
            diagnostics
                .error(literal, format!("`{name}` is the current name of the graph"))
                .help("write the former name, or remove the attribute");
        } else if names.contains(&name) {
            diagnostics
                .error(literal, format!("duplicate former name `{name}`"))
                .help("remove one");
        } else if is_plausible_name(&name) {
            names.push(name);
        } else {
            diagnostics
                .error(literal, "a former name must be an identifier")
                .help("write a name such as `Chat`");
        }
    }
    names
}

/// Returns whether a text may be an identifier. Accepts all letters outside of ASCII, because a lexer, which knows
/// them, would report an error of its own.
fn is_plausible_name(text: &str) -> bool {
    let letter = |char: char| match char {
        '_' => true,
        char if char.is_ascii() => char.is_ascii_alphanumeric(),
        char => !char.is_whitespace() && !char.is_control(),
    };
    text.chars().next().is_some_and(|first| !first.is_ascii_digit()) && text.chars().all(letter)
}

/// Returns the names of all sources: a missing node may have one of them.
fn sources(syntax: &GraphSyntax) -> Vec<String> {
    let sources = syntax.transitions.iter().flat_map(|transition| &transition.sources);
    sources.map(names::plain).collect()
}

/// Returns the bindings without duplicates.
fn resolve_bindings(
    kind: &str,
    bindings: &[Binding],
    diagnostics: &mut Diagnostics,
) -> Vec<Binding> {
    reject_duplicates(kind, bindings.iter().map(|binding| &binding.name), diagnostics);
    let mut kept: Vec<Binding> = Vec::new();
    for binding in bindings {
        if kept.iter().all(|known| names::plain(&known.name) != names::plain(&binding.name)) {
            kept.push(binding.clone());
        }
    }
    kept
}

/// Reports duplicate names.
fn reject_duplicates<'a>(
    kind: &str,
    idents: impl Iterator<Item = &'a Ident>,
    diagnostics: &mut Diagnostics,
) {
    let mut seen = Vec::new();
    for ident in idents {
        let name = names::plain(ident);
        if seen.contains(&name) {
            diagnostics
                .error(ident, format!("duplicate {kind} `{name}`"))
                .help("rename or remove one");
        }
        seen.push(name);
    }
}

fn resolve_nodes(
    syntax: &GraphSyntax,
    diagnostics: &mut Diagnostics,
) -> (Vec<Node>, Vec<ActionPath>) {
    reject_duplicates("node", syntax.nodes.iter().map(|node| &node.name), diagnostics);
    let mut nodes: Vec<Node> = Vec::new();
    let mut actions: Vec<ActionPath> = Vec::new();
    for node in &syntax.nodes {
        let parameters = node.parameters.iter().map(|parameter| &parameter.name);
        reject_duplicates("parameter", parameters, diagnostics);
        if nodes.iter().all(|known| names::plain(&known.name) != names::plain(&node.name)) {
            let action = resolve_action(node, &mut actions);
            nodes.push(Node {
                attrs: node.attrs.clone(),
                timeout: node.timeout.clone(),
                retry: node.retry.clone(),
                name: node.name.clone(),
                action,
                path: node.action.clone(),
                parameters: node.parameters.clone(),
                on_error: None,
                ordinary_entry: false,
            });
        }
    }
    if nodes.is_empty() && !syntax.unparsed.nodes && !syntax.unparsed.statements {
        diagnostics
            .error(&syntax.name, "the graph has no nodes")
            .help("list its actions: `nodes { … }`");
    }
    (nodes, actions)
}

fn resolve_action(node: &NodeSyntax, actions: &mut Vec<ActionPath>) -> ActionId {
    let key = text::written(&node.action);
    let known = actions.iter().position(|action| action.key == key);
    ActionId(known.unwrap_or_else(|| {
        actions.push(ActionPath { key, path: node.action.clone() });
        actions.len() - 1
    }))
}

/// The resolved transition of one node.
#[derive(Clone, Default)]
struct Resolved {
    transition: Option<Transition>,
    leaves: Vec<Leaf>,
}

/// An edge without its source.
#[derive(Clone)]
struct Leaf {
    to: EdgeEnd,
    label: Option<String>,
    token: Ident,
}

impl Leaf {
    fn into_edge(self, from: NodeId, error: bool) -> Edge {
        Edge { from, to: self.to, label: self.label, error, token: self.token }
    }
}

struct Resolver<'d> {
    names: Vec<String>,
    /// Whether all names of nodes are known, so that an unknown one is an error.
    nodes_known: bool,
    /// Names without an error if they are unknown: a duplicate node may have been meant to have one of them.
    hidden: Vec<String>,
    /// The unknown names that were reported, because each is reported only once.
    unknown: Vec<String>,
    start: Option<NodeId>,
    incomplete: Incomplete,
    diagnostics: &'d mut Diagnostics,
}

impl Resolver<'_> {
    fn resolve_start(&mut self, syntax: &GraphSyntax) {
        if let Some(start) = &syntax.start {
            self.start = self.node(&start.name, &[]);
        } else if !syntax.unparsed.statements {
            let first = self.names.first().map_or("node", String::as_str);
            self.diagnostics
                .error(&syntax.name, "the graph has no `start`")
                .help(format!("name the first node: `start {first};`"));
        }
        self.incomplete.edges |= self.start.is_none();
    }

    fn resolve_transitions(&mut self, syntax: &[TransitionSyntax], count: usize) -> Vec<Resolved> {
        let mut resolved = vec![Resolved::default(); count];
        let mut given = vec![false; count];
        for transition in syntax {
            let sources = self.sources(transition, &mut given, "transition");
            let target = self.resolve_transition(transition);
            for id in sources {
                resolved[id.0] = target.clone();
            }
        }
        resolved
    }

    fn resolve_error_edges(&mut self, syntax: &[TransitionSyntax], count: usize) -> Vec<Resolved> {
        let mut resolved = vec![Resolved::default(); count];
        let mut given = vec![false; count];
        for transition in syntax {
            // A missing error edge does not affect the other transitions.
            let sources_before = self.incomplete.sources;
            let sources = self.sources(transition, &mut given, "error edge");
            self.incomplete.edges |= self.incomplete.sources;
            self.incomplete.sources = sources_before;
            let target = self.resolve_transition(transition);
            for id in sources {
                resolved[id.0] = target.clone();
            }
        }
        resolved
    }

    /// Returns the sources for which this is the first transition.
    fn sources(
        &mut self,
        transition: &TransitionSyntax,
        given: &mut [bool],
        kind: &str,
    ) -> Vec<NodeId> {
        let (mut sources, mut repeated) = (Vec::new(), Vec::new());
        for ident in &transition.sources {
            let Some(id) = self.node(ident, &[]) else {
                self.incomplete.sources = true;
                continue;
            };
            let name = &self.names[id.0];
            if sources.contains(&id) {
                self.diagnostics
                    .error(ident, format!("node `{name}` is listed twice before `->`"))
                    .help("remove one");
            } else if given[id.0] {
                repeated.push((ident, id));
            } else {
                given[id.0] = true;
                sources.push(id);
            }
        }
        self.report_repeated(&repeated, kind);
        sources
    }

    /// Reports one error for all repeated sources of a statement, because the whole statement may be a duplicate.
    fn report_repeated(&mut self, repeated: &[(&Ident, NodeId)], kind: &str) {
        let [(ident, id), others @ ..] = repeated else { return };
        let error = self
            .diagnostics
            .error(ident, format!("duplicate {kind} for node `{}`", self.names[id.0]))
            .help("merge them with `if` or `match`");
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(|(_, id)| self.names[id.0].clone()).collect();
            error.note(format!("the same applies to {}", names::list(&others)));
        }
    }

    fn resolve_transition(&mut self, syntax: &TransitionSyntax) -> Resolved {
        let mut walk = Walk::default();
        let target = self.target(&syntax.target, &mut walk);
        let transition = Transition { target, fields: walk.fields };
        Resolved { transition: Some(transition), leaves: walk.leaves }
    }

    fn target(&mut self, target: &TargetSyntax, walk: &mut Walk) -> Target {
        match target {
            TargetSyntax::Node(name) => {
                let Some(id) = self.node(name, &["pause", "end"]) else { return Target::Unknown };
                walk.leaf(EdgeEnd::Node(id), name);
                Target::Node(id)
            }
            TargetSyntax::Pause(pause) => {
                let node = match &pause.node {
                    Some(name) => self.node(name, &[]),
                    None => self.start,
                };
                let Some(id) = node else { return Target::Unknown };
                walk.leaf(EdgeEnd::Pause(id), &pause.keyword);
                Target::Pause(id)
            }
            TargetSyntax::End(keyword) => {
                walk.leaf(EdgeEnd::End, keyword);
                Target::End
            }
            TargetSyntax::If(syntax) => self.if_target(syntax, walk),
            TargetSyntax::Match(syntax) => self.match_target(syntax, walk),
            TargetSyntax::Unparsed => Target::Unknown,
        }
    }

    fn if_target(&mut self, syntax: &IfSyntax, walk: &mut Walk) -> Target {
        let condition = self.condition(&syntax.condition, walk);
        walk.branch.push(text::written(&syntax.condition));
        let then = self.target(&syntax.then, walk);
        walk.branch.pop();
        let otherwise = if matches!(syntax.otherwise, TargetSyntax::If(_)) {
            self.target(&syntax.otherwise, walk)
        } else {
            walk.branch.push("else".to_owned());
            let otherwise = self.target(&syntax.otherwise, walk);
            walk.branch.pop();
            otherwise
        };
        Target::If(Box::new(If { if_token: syntax.if_token, condition, then, otherwise }))
    }

    fn match_target(&mut self, syntax: &MatchSyntax, walk: &mut Walk) -> Target {
        let scrutinee = self.condition(&syntax.scrutinee, walk);
        let mut arms = Vec::new();
        for arm in &syntax.arms {
            let mut label = text::written(&arm.pattern);
            let guard = arm.guard.as_ref().map(|guard| {
                label.push_str(" if ");
                label.push_str(&text::written(&guard.condition));
                let condition = self.condition(&guard.condition, walk);
                Guard { if_token: guard.if_token, condition }
            });
            walk.branch.push(label);
            let target = self.target(&arm.target, walk);
            walk.branch.pop();
            arms.push(Arm { pattern: arm.pattern.clone(), guard, arrow: arm.arrow, target });
        }
        Target::Match(Box::new(Match {
            match_token: syntax.match_token,
            scrutinee,
            brace: syntax.brace,
            arms,
        }))
    }

    fn condition(&mut self, tokens: &TokenStream, walk: &mut Walk) -> TokenStream {
        let rewritten = rewrite(tokens, &state_ident(), self.diagnostics);
        add_fields(&mut walk.fields, rewritten.fields);
        rewritten.tokens
    }

    /// Returns the node with this name. `words` are the keywords that are also allowed here, for suggestions.
    fn node(&mut self, ident: &Ident, words: &[&str]) -> Option<NodeId> {
        let name = names::plain(ident);
        let known = self.names.iter().position(|known| *known == name).map(NodeId);
        if known.is_none() {
            self.incomplete.edges = true;
            self.report_unknown(ident, name, words);
        }
        known
    }

    fn report_unknown(&mut self, ident: &Ident, name: String, words: &[&str]) {
        if self.unknown.contains(&name) {
            // used twice, so it is probably missing in the list of nodes
            self.incomplete.nodes = true;
            return;
        }
        let words = words.iter().map(|word| (*word).to_owned());
        let all: Vec<String> = self.names.iter().cloned().chain(words).collect();
        let meant = names::closest(&name, &all);
        let hidden = meant.is_none() && self.hidden.contains(&name);
        if hidden || !self.nodes_known {
            return;
        }
        let help = match meant {
            Some(meant) => Some(format!("did you mean `{meant}`")),
            None => names::suggestion(&name, "node", &self.names),
        };
        let error = self.diagnostics.error(ident, format!("unknown node `{name}`"));
        if let Some(help) = help {
            error.help(help);
        }
        self.unknown.push(name);
    }
}

/// The leaves and fields of a target, collected while it is resolved.
#[derive(Default)]
struct Walk {
    /// The conditions from the root to the current branch.
    branch: Vec<String>,
    leaves: Vec<Leaf>,
    fields: Vec<Ident>,
}

impl Walk {
    fn leaf(&mut self, to: EdgeEnd, token: &Ident) {
        let label = (!self.branch.is_empty()).then(|| self.branch.join(", "));
        self.leaves.push(Leaf { to, label, token: token.clone() });
    }
}
