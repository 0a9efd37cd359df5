//! Resolves names to ids and conditions to places, and lays out the edges.
//!
//! The first of two things with one name counts; the second is the error.

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens;

use super::conditions::{add_fields, rewrite};
use super::model::{
    ActionId, ActionPath, Arm, Doubts, Edge, EdgeEnd, Graph, GraphModel, Guard, If, Match, Node,
    NodeId, Target, Transition, state_ident,
};
use super::paths::reverse_postorder;
use super::syntax::{
    Binding, GraphSyntax, IfSyntax, MatchSyntax, NodeSyntax, TargetSyntax, TransitionSyntax,
};
use crate::diagnostics::Diagnostics;
use crate::{names, text};

/// Resolves what can be resolved; doubts say what could not.
pub(crate) fn resolve_graph(syntax: &GraphSyntax, diagnostics: &mut Diagnostics) -> GraphModel {
    let inputs = resolve_bindings("input", &syntax.inputs, diagnostics);
    let resources = resolve_bindings("resource", &syntax.resources, diagnostics);
    let (mut nodes, actions) = resolve_nodes(syntax, diagnostics);
    let unread = syntax.unread;
    let repeated = nodes.len() < syntax.nodes.len();
    let bound = inputs.len() + resources.len() < syntax.inputs.len() + syntax.resources.len();
    let mut resolver = Resolver {
        names: nodes.iter().map(|node| names::plain(&node.name)).collect(),
        nodes_known: !unread.nodes && !nodes.is_empty(),
        hidden: if repeated { sources(syntax) } else { Vec::new() },
        unknown: Vec::new(),
        start: None,
        doubts: Doubts {
            sources: unread.statements,
            edges: unread.statements || unread.targets,
            nodes: unread.nodes || unread.statements || nodes.is_empty() || repeated,
            bindings: unread.bindings || unread.statements || bound,
            yields: unread.statements,
        },
        diagnostics,
    };
    resolver.resolve_start(syntax);
    let ordinary = resolver.resolve_transitions(&syntax.transitions, nodes.len());
    let on_error = resolver.resolve_error_edges(&syntax.error_edges, nodes.len());
    let Resolver { start, doubts, .. } = resolver;

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
    };
    GraphModel { graph, start, transitions, doubts }
}

/// The names that sessions of the graph may still have.
fn resolve_former_names(syntax: &GraphSyntax, diagnostics: &mut Diagnostics) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for literal in &syntax.former_names {
        let name = literal.value();
        if name == names::plain(&syntax.name) {
            diagnostics
                .error(literal, format!("`{name}` is the name that the graph has now"))
                .help("give the name that it had before, or remove the attribute");
        } else if names.contains(&name) {
            diagnostics
                .error(literal, format!("the former name `{name}` is given twice"))
                .help("remove one");
        } else if may_be_a_name(&name) {
            names.push(name);
        } else {
            diagnostics
                .error(literal, "no graph can have had this name")
                .help("the name of a graph is an identifier, such as `Chat`");
        }
    }
    names
}

/// Whether an identifier may be written so; which letters rustc takes is not looked up, and no lexer is
/// asked, which would report an error of its own.
fn may_be_a_name(text: &str) -> bool {
    let letter = |char: char| match char {
        '_' => true,
        char if char.is_ascii() => char.is_ascii_alphanumeric(),
        char => !char.is_whitespace() && !char.is_control(),
    };
    text.chars().next().is_some_and(|first| !first.is_ascii_digit()) && text.chars().all(letter)
}

/// The names before an arrow: what a node would have that the graph lacks.
fn sources(syntax: &GraphSyntax) -> Vec<String> {
    let sources = syntax.transitions.iter().flat_map(|transition| &transition.sources);
    sources.map(names::plain).collect()
}

/// The bindings whose names were not there before.
fn resolve_bindings(
    kind: &str,
    bindings: &[Binding],
    diagnostics: &mut Diagnostics,
) -> Vec<Binding> {
    refuse_duplicates(kind, bindings.iter().map(|binding| &binding.name), diagnostics);
    let mut kept: Vec<Binding> = Vec::new();
    for binding in bindings {
        if kept.iter().all(|known| names::plain(&known.name) != names::plain(&binding.name)) {
            kept.push(binding.clone());
        }
    }
    kept
}

/// Reports every name that was there before.
fn refuse_duplicates<'a>(
    kind: &str,
    idents: impl Iterator<Item = &'a Ident>,
    diagnostics: &mut Diagnostics,
) {
    let mut seen = Vec::new();
    for ident in idents {
        let name = names::plain(ident);
        if seen.contains(&name) {
            diagnostics
                .error(ident, format!("{kind} `{name}` is given twice"))
                .help("give one another name, or remove it");
        }
        seen.push(name);
    }
}

fn resolve_nodes(
    syntax: &GraphSyntax,
    diagnostics: &mut Diagnostics,
) -> (Vec<Node>, Vec<ActionPath>) {
    refuse_duplicates("node", syntax.nodes.iter().map(|node| &node.name), diagnostics);
    let mut nodes: Vec<Node> = Vec::new();
    let mut actions: Vec<ActionPath> = Vec::new();
    for node in &syntax.nodes {
        let parameters = node.parameters.iter().map(|parameter| &parameter.name);
        refuse_duplicates("parameter", parameters, diagnostics);
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
    if nodes.is_empty() && !syntax.unread.nodes && !syntax.unread.statements {
        diagnostics
            .error(&syntax.name, "the graph has no nodes")
            .help("name its actions: `nodes { … }`");
    }
    (nodes, actions)
}

fn resolve_action(node: &NodeSyntax, actions: &mut Vec<ActionPath>) -> ActionId {
    let key = node.action.to_token_stream().to_string();
    let known = actions.iter().position(|action| action.key == key);
    ActionId(known.unwrap_or_else(|| {
        actions.push(ActionPath { key, path: node.action.clone() });
        actions.len() - 1
    }))
}

/// What is known of the transition of one node.
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
    /// No node's name was lost, so an unknown one is an error.
    nodes_known: bool,
    /// Names that the second of two nodes may have been meant to have.
    hidden: Vec<String>,
    /// The unknown names that were reported: each is one mistake, however often it stands there.
    unknown: Vec<String>,
    start: Option<NodeId>,
    doubts: Doubts,
    diagnostics: &'d mut Diagnostics,
}

impl Resolver<'_> {
    fn resolve_start(&mut self, syntax: &GraphSyntax) {
        if let Some(start) = &syntax.start {
            self.start = self.node(&start.name, &[]);
        } else if !syntax.unread.statements {
            let first = self.names.first().map_or("node", String::as_str);
            self.diagnostics
                .error(&syntax.name, "the graph has no `start`")
                .help(format!("say where a run begins: `start {first};`"));
        }
        self.doubts.edges |= self.start.is_none();
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
            // A lost error edge leaves no node without a transition.
            let doubts = self.doubts.sources;
            let sources = self.sources(transition, &mut given, "error edge");
            self.doubts.edges |= self.doubts.sources;
            self.doubts.sources = doubts;
            let target = self.resolve_transition(transition);
            for id in sources {
                resolved[id.0] = target.clone();
            }
        }
        resolved
    }

    /// The sources for which this is the first transition.
    fn sources(
        &mut self,
        transition: &TransitionSyntax,
        given: &mut [bool],
        kind: &str,
    ) -> Vec<NodeId> {
        let (mut sources, mut repeated) = (Vec::new(), Vec::new());
        for ident in &transition.sources {
            let Some(id) = self.node(ident, &[]) else {
                self.doubts.sources = true;
                continue;
            };
            let name = &self.names[id.0];
            if sources.contains(&id) {
                self.diagnostics
                    .error(ident, format!("`{name}` stands twice before one `->`"))
                    .help("name it once");
            } else if given[id.0] {
                repeated.push((ident, id));
            } else {
                given[id.0] = true;
                sources.push(id);
            }
        }
        self.refuse_repeated(&repeated, kind);
        sources
    }

    /// One error for a whole statement, which may stand there twice.
    fn refuse_repeated(&mut self, repeated: &[(&Ident, NodeId)], kind: &str) {
        let [(ident, id), others @ ..] = repeated else { return };
        let error = self
            .diagnostics
            .error(ident, format!("a second {kind} for node `{}`", self.names[id.0]))
            .help("let one decide with `if` or `match`");
        if !others.is_empty() {
            let others: Vec<_> = others.iter().map(|(_, id)| self.names[id.0].clone()).collect();
            error.note(format!("the same holds for {}", names::list(&others)));
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
            TargetSyntax::Unread => Target::Unknown,
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

    /// The node of this name; `words` are what else could stand here.
    fn node(&mut self, ident: &Ident, words: &[&str]) -> Option<NodeId> {
        let name = names::plain(ident);
        let known = self.names.iter().position(|known| *known == name).map(NodeId);
        if known.is_none() {
            self.doubts.edges = true;
            self.refuse_unknown(ident, name, words);
        }
        known
    }

    fn refuse_unknown(&mut self, ident: &Ident, name: String, words: &[&str]) {
        if self.unknown.contains(&name) {
            // more than a slip: it may be the list of nodes that lacks it
            self.doubts.nodes = true;
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

/// What a walk through a target collects.
#[derive(Default)]
struct Walk {
    /// The conditions from the root to here.
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
